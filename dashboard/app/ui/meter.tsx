'use client';

interface MeterProps {
  label: string;
  used: number;
  limit: number;
  thin?: boolean;
}

/** How much of a limit is used, as a bar. */
export function Meter({ label, used, limit, thin = false }: MeterProps) {
  const share = limit === 0 ? 100 : Math.min(100, (used / limit) * 100);
  const height = thin ? 8 : 16;
  return (
    <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={limit} aria-valuenow={Math.min(used, limit)}>
      <svg aria-hidden="true" width="100%" height={height} className="block rounded-full">
        <rect width="100%" height={height} className="fill-sunken" />
        <rect width={`${share}%`} height={height} rx={height / 2} className={`chart-bar ${share >= 100 ? 'fill-bad' : 'fill-chart'}`} />
      </svg>
    </div>
  );
}
