'use client';

import { useState, type KeyboardEvent, type PointerEvent } from 'react';
import { barAt, layoutBars } from '@/app/lib/chart';

export interface Bar {
  /** Under the axis, where there is room. */
  label: string;
  /** All there is to say about the bar. */
  detail: string;
  value: number;
}

interface BarChartProps {
  label: string;
  bars: readonly Bar[];
  /** What stands above the chart while no bar is pointed at. */
  summary: string;
  /** The bars that have their label under the axis. */
  labelled: readonly number[];
}

const plotHeight = 176;
const labelHeight = 24;
const topMargin = 8;

/**
 * A bar chart that needs no script to be drawn. Pointer, touch and arrow keys
 * pick a bar and have it described; to assistive technology it is one slider
 * over the bars. A table twin belongs beside it.
 */
export function BarChart({ label, bars, summary, labelled }: BarChartProps) {
  const [picked, setPicked] = useState<number | null>(null);
  const layout = layoutBars(bars.map((bar) => bar.value), plotHeight);
  const active = picked === null ? null : Math.min(picked, bars.length - 1);
  const last = bars.length - 1;

  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setPicked(barAt((event.clientX - box.left) / box.width, bars.length));
  };
  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const next = barAfterKey(event.key, active ?? last, last);
    if (next === null) return;
    event.preventDefault();
    setPicked(next);
  };

  return (
    <div>
      <p className="mb-1 min-h-3 text-sm" data-readout>
        {active === null ? summary : <strong className="font-semibold">{bars[active]?.detail}</strong>}
      </p>
      <div className="flex">
        <svg aria-hidden="true" width="40" height={topMargin + plotHeight + labelHeight} className="shrink-0 overflow-visible">
          {layout.ticks.map((tick) => (
            <text key={tick.value} x="32" y={topMargin + tick.y} dominantBaseline="central" textAnchor="end" className="fill-soft text-xs">
              {shortNumber(tick.value)}
            </text>
          ))}
        </svg>
        <div
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={1}
          aria-valuemax={bars.length}
          aria-valuenow={(active ?? last) + 1}
          aria-valuetext={bars[active ?? last]?.detail}
          className="min-w-0 grow touch-pan-y rounded-sm"
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setPicked(null)}
          onFocus={() => setPicked((before) => before ?? last)}
          onBlur={() => setPicked(null)}
          onKeyDown={press}
        >
          <svg aria-hidden="true" width="100%" height={topMargin + plotHeight + labelHeight} className="overflow-visible">
            {layout.ticks.map((tick) => (
              <line key={tick.value} x1="0" x2="100%" y1={topMargin + tick.y} y2={topMargin + tick.y} className={tick.value === 0 ? 'stroke-edge' : 'stroke-line'} />
            ))}
            {layout.bars.map((bar, index) => (
              <g key={index}>
                {index === active ? (
                  <rect x={`${(index * 100) / bars.length}%`} width={`${100 / bars.length}%`} y={topMargin} height={plotHeight} className="fill-sunken" />
                ) : null}
                <rect
                  x={`${bar.xPercent}%`}
                  width={`${bar.widthPercent}%`}
                  y={topMargin + bar.y}
                  height={bar.height}
                  className={index === active ? 'chart-bar fill-accent-ink' : 'chart-bar fill-chart'}
                />
                {labelled.includes(index) ? (
                  <text x={`${bar.xPercent + bar.widthPercent / 2}%`} y={topMargin + plotHeight + 18} textAnchor="middle" className="fill-soft text-xs">
                    {bars[index]?.label}
                  </text>
                ) : null}
              </g>
            ))}
          </svg>
        </div>
      </div>
    </div>
  );
}

function barAfterKey(key: string, from: number, last: number): number | null {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return Math.max(0, from - 1);
    case 'ArrowRight':
    case 'ArrowUp':
      return Math.min(last, from + 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

/** 1500 as «1.5k»: an axis has no room for more. */
function shortNumber(n: number): string {
  if (n >= 1e9) return `${n / 1e9}G`;
  if (n >= 1e6) return `${n / 1e6}M`;
  if (n >= 1e4) return `${n / 1e3}k`;
  return String(n);
}
