/*
 * The colours that the dashboard makes of an operator's accent, so that text is
 * readable on it and in it, in both themes. The service's console shows the same
 * ones; testing/shades.json has examples that both are tested with.
 */

export interface ThemeShades {
  /** Readable as text on every background of the theme, and on `wash`. */
  ink: string;
  /** A background with a touch of the accent. */
  wash: string;
  /** For what is drawn with the accent on the theme's backgrounds. */
  chart: string;
}

export interface Shades {
  /** Fills buttons. */
  accent: string;
  /** The text on it. */
  onAccent: string;
  light: ThemeShades;
  dark: ThemeShades;
}

type Rgb = readonly [number, number, number];

/** Contrasts that WCAG asks of text and of shapes at level AA. */
const textContrast = 4.5;
const shapeContrast = 3;
const white = '#ffffff';
const black = '#000000';

/** The paper, surface and sunken of globals.css. */
export const grounds = {
  light: ['#faf7f2', '#fffdfa', '#f3eee6'],
  dark: ['#181512', '#211d19', '#2a2520'],
} as const;

export function isAccent(text: unknown): text is string {
  return typeof text === 'string' && /^#[0-9a-f]{6}$/.test(text);
}

function read(color: string): Rgb {
  const n = Number.parseInt(color.slice(1), 16);
  return [n >> 16, (n >> 8) & 0xff, n & 0xff];
}

function luminance(color: string): number {
  const [r, g, b] = read(color).map((part) => {
    const v = part / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [l, m] = [luminance(a), luminance(b)];
  return (Math.max(l, m) + 0.05) / (Math.min(l, m) + 0.05);
}

/** A colour with so many percent of another. */
function mixed(color: string, other: string, percent: number): string {
  const others = read(other);
  const parts = read(color).map((part, i) => Math.floor((part * (100 - percent) + (others[i] ?? 0) * percent + 50) / 100));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Mixes a colour with black or white until it has a contrast on all backgrounds. */
function readable(color: string, towards: string, least: number, backgrounds: readonly string[]): string {
  for (let percent = 0; percent < 100; percent++) {
    const made = mixed(color, towards, percent);
    if (backgrounds.every((background) => contrast(made, background) >= least)) return made;
  }
  return towards;
}

export function shadesOf(accent: string): Shades {
  const theme = (backgrounds: readonly [string, string, string], towards: string, washed: number): ThemeShades => {
    const wash = mixed(accent, backgrounds[1], washed);
    return { ink: readable(accent, towards, textContrast, [wash, ...backgrounds]), wash, chart: readable(accent, towards, shapeContrast, backgrounds) };
  };
  return {
    accent,
    onAccent: contrast(accent, black) > contrast(accent, white) ? black : white,
    light: theme(grounds.light, black, 88),
    dark: theme(grounds.dark, white, 80),
  };
}

/** The style sheet that puts the shades over those of globals.css, wherever it stands among the others. */
export function styleSheetOf(accent: string): string {
  const { onAccent, light, dark } = shadesOf(accent);
  return `:root:root {
  --accent: ${accent};
  --on-accent: ${onAccent};
  --accent-ink: light-dark(${light.ink}, ${dark.ink});
  --accent-wash: light-dark(${light.wash}, ${dark.wash});
  --chart: light-dark(${light.chart}, ${dark.chart});
}
`;
}
