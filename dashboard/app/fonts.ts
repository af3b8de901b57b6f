import localFont from 'next/font/local';

/*
 * Manrope and JetBrains Mono (SIL OFL 1.1, the licences lie beside the files),
 * in two subsets each; the browser fetches the Vietnamese one only for a page
 * that needs it. The bundler reads the options as they are written here, so the
 * range of characters stands there twice.
 */
const sans = localFont({
  src: './fonts/manrope-latin.woff2',
  weight: '400 800',
  variable: '--font-manrope',
  adjustFontFallback: 'Arial',
});

const sansVietnamese = localFont({
  src: './fonts/manrope-vietnamese-wght-normal.woff2',
  weight: '200 800',
  variable: '--font-manrope-vietnamese',
  declarations: [{ prop: 'unicode-range', value: 'U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB' }],
  preload: false,
  adjustFontFallback: false,
});

const mono = localFont({
  src: './fonts/jetbrains-mono-latin.woff2',
  weight: '400',
  variable: '--font-jetbrains-mono',
  preload: false,
  adjustFontFallback: false,
});

const monoVietnamese = localFont({
  src: './fonts/jetbrains-mono-vietnamese-wght-normal.woff2',
  weight: '100 800',
  variable: '--font-jetbrains-mono-vietnamese',
  declarations: [{ prop: 'unicode-range', value: 'U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB' }],
  preload: false,
  adjustFontFallback: false,
});

export const fontVariables = [sans, sansVietnamese, mono, monoVietnamese].map((font) => font.variable).join(' ');
