/* Styles of buttons, also for links. */

const shape =
  'inline-flex min-h-5 items-center justify-center gap-1 rounded-md border px-2 py-0.5 text-sm font-semibold disabled:cursor-not-allowed disabled:opacity-60';

export const button = {
  primary: `${shape} border-accent bg-accent text-on-accent hover:border-ink`,
  quiet: `${shape} border-edge bg-surface text-ink hover:border-ink hover:bg-sunken`,
  danger: `${shape} border-bad bg-bad text-surface hover:border-ink`,
  plain: 'rounded-sm font-semibold text-accent-ink underline underline-offset-4 hover:text-ink',
};

export const field = 'min-h-6 w-full rounded-md border border-edge bg-surface px-1.5 text-base text-ink hover:border-ink aria-invalid:border-bad';
