/**
 * The keys that `codexible serve --demo` seeds, to sign in with while developing.
 * They exist in a demo alone. Nothing imports this file, so no build holds it.
 */
export const mockTokens = [
  { key: 'codexible_demo_pro_2026', email: 'demo@codexible.me', plan: 'Pro', dailyCredits: 250 },
  { key: 'codexible_demo_business_2026', email: 'team@codexible.me', plan: 'Business', dailyCredits: 500 },
  { key: 'codexible_demo_starter_2026', email: 'starter@codexible.me', plan: 'Starter', dailyCredits: 75 },
] as const;
