/** The geometry of a bar chart. Widths are per cent of the plot, heights pixels. */
export interface BarLayout {
  bars: { xPercent: number; widthPercent: number; y: number; height: number }[];
  /** Values on the vertical axis, from 0 to at least the largest value. */
  ticks: { value: number; y: number }[];
}

const barShare = 0.72;

export function layoutBars(values: readonly number[], plotHeight: number): BarLayout {
  const tickValues = niceTicks(Math.max(0, ...values), 4);
  const top = tickValues.at(-1) ?? 1;
  const toY = (value: number) => round(plotHeight - (value / top) * plotHeight);
  const slot = 100 / Math.max(1, values.length);
  return {
    bars: values.map((value, index) => {
      // A day with one credit of thousands is not a day without.
      const height = value > 0 ? Math.max(1, plotHeight - toY(value)) : 0;
      return {
        xPercent: round((index + (1 - barShare) / 2) * slot),
        widthPercent: round(slot * barShare),
        y: round(plotHeight - height),
        height: round(height),
      };
    }),
    ticks: tickValues.map((value) => ({ value, y: toY(value) })),
  };
}

/** Whole numbers from 0 upward in steps of 1, 2 or 5 times a power of ten, about `count` steps, the last not below `max`. */
export function niceTicks(max: number, count: number): number[] {
  const rough = Math.max(1, max / count);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? 10 * magnitude;
  const steps = Math.max(1, Math.ceil(max / step));
  return Array.from({ length: steps + 1 }, (_, index) => index * step);
}

/** Which of `length` bars carry a label, counted back from the last, so that `room` labels fit. */
export function labelledBars(length: number, room: number): number[] {
  const step = [1, 2, 3, 7, 14, 28].find((size) => length / size <= room) ?? Math.ceil(length / room);
  const labelled: number[] = [];
  for (let index = length - 1; index >= 0; index -= step) labelled.unshift(index);
  return labelled;
}

/** The bar under a position on the plot, given as a share of its width. */
export function barAt(share: number, length: number): number {
  return Math.min(length - 1, Math.max(0, Math.floor(share * length)));
}

function round(n: number): number {
  return Math.round(n * 1000) / 1000;
}
