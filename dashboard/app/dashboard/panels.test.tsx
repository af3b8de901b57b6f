import { renderToStaticMarkup } from 'react-dom/server';
import type { ReactElement } from 'react';
import { describe, expect, test } from 'vitest';
import type { Charge, Credits, ExplainedCharge, FailedCall, Model } from '@/app/lib/api';
import { messagesIn, type Language } from '@/app/lib/i18n';
import { SpeechProvider } from '@/app/ui/preferences';
import { Charges } from './charges-panel';
import { Explanation } from './charges/why';
import { CreditFigures } from './credit-figures';
import { ModelList } from './models/models-offered';
import { Refusals } from './refusals-panel';

function markup(element: ReactElement, language: Language = 'en'): string {
  return renderToStaticMarkup(
    <SpeechProvider language={language} messages={messagesIn(language)}>
      {element}
    </SpeechProvider>,
  );
}

/** What a reader hears of it. */
const text = (element: ReactElement, language: Language = 'en') => markup(element, language).replace(/<[^>]+>/g, ' ').replace(/\s+([,.]|$)/g, '$1').replace(/\s+/g, ' ');

const credits: Credits = { used: 89, held: 0, limit: 250, granted: 0, remaining: 161, resets_at: '2026-11-30T00:00:00Z', month: null, grants: [] };
const month = { used: 3201, held: 0, limit: 5000, remaining: 1799, resets_at: '2026-12-01T00:00:00Z' };

describe('what can still be used', () => {
  const said = (more: Partial<Credits>, keyLimit: number | null = null) => text(<CreditFigures credits={{ ...credits, ...more }} requests={34} keyLimit={keyLimit} />);

  test('is said first, then when more comes, then what it is made of', () => {
    expect(said({})).toMatch(/^ 161 credits left Resets at 00:00 UTC Requests today 34 Today 89 of 250 used$/);
  });

  test('names a month and grants where there are any', () => {
    const grants = [{ id: 'a', credits: 100, remaining: 100, expires_at: '2026-12-24T00:00:00Z' }, { id: 'b', credits: 200, remaining: 50, expires_at: null }];
    const sentence = said({ granted: 150, remaining: 311, month, grants });
    expect(sentence).toMatch(/^ 311 credits left /);
    expect(sentence).toContain('This month 3,201 of 5,000 used');
    expect(sentence).toContain('100 of 100 left until 24 Dec 2026, 00:00 UTC 50 of 200 left no end date');
  });

  test('says that the month resets where it leaves less than the day', () => {
    expect(said({ remaining: 40, month: { ...month, used: 4960, remaining: 40 } })).toContain('This month’s limit leaves less than today’s. Resets on 1 Dec 2026, 00:00 UTC');
    expect(said({ remaining: 0, month: { ...month, used: 5000, remaining: 0 } })).toMatch(/^ This month’s credits are used up Resets on 1 Dec 2026, 00:00 UTC Requests that cost credits are rejected/);
  });

  test('says what is set aside, and that the key has a limit of its own', () => {
    expect(said({ held: 1, remaining: 160 })).toContain('1 credit is set aside for calls that are running.');
    expect(said({}, 20)).toContain('has a limit of its own: 20 credits a day.');
    expect(said({})).not.toMatch(/set aside|limit of its own|Extra credits|This month/);
  });

  test('lists three grants, and the rest on demand', () => {
    const grants = Array.from({ length: 5 }, (_, n) => ({ id: String(n), credits: 10, remaining: 10, expires_at: null }));
    expect(said({ granted: 50, grants }).match(/10 of 10 left/g)).toHaveLength(3);
    expect(said({ granted: 50, grants })).toContain('2 more grants');
  });
});

test('a refusal is said in the service’s own words, which are English in every language', () => {
  const rows: FailedCall[] = [
    { request_id: '1', at: '2026-11-29T09:05:00Z', model: 'coder', endpoint: 'chat.completions', status: 429, outcome: 'refused', code: 'rate_limit_exceeded', message: 'Wait, then try again.' },
    { request_id: '2', at: '2026-11-29T09:00:00Z', model: '', endpoint: 'messages', status: 400, outcome: 'refused', code: 'invalid_body', message: 'Send JSON.' },
  ];
  expect(text(<Refusals rows={rows} />)).toContain('29 Nov 2026, 09:05 UTC coder Wait, then try again. status 429 · rate_limit_exceeded · chat.completions 29 Nov 2026, 09:00 UTC (no model named) Send JSON.');
  expect(markup(<Refusals rows={rows} />, 'vi')).toMatch(/lang="en"[^>]*>Wait, then try again\./);
  expect(text(<Refusals rows={[]} />)).toContain('None of your recent calls was refused or failed');
});

const tokens = {
  input_tokens: 1200, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_1h_tokens: 0, audio_input_tokens: 0,
  output_tokens: 340, audio_output_tokens: 0, reasoning_tokens: 0, requests: 1, web_searches: 0, service_tier: null,
};
const charge: Charge = {
  id: 'c1', model: 'coder', prompt_tokens: 1200, completion_tokens: 340, cost_usd: 0, credits: 2, tokens, request_id: null, outcome: null, source: null,
  first_token_ms: 640, tokens_per_second: 81.4, created_at: '2026-11-24T09:05:00Z', date: '2026-11-24',
};

describe('a charge', () => {
  test('says how fast its answer came, where that is known', () => {
    expect(text(<Charges rows={[charge]} />)).toContain('81.4 tokens/s 640 ms to the first token');
    expect(text(<Charges rows={[{ ...charge, first_token_ms: 1449 }]} />)).toContain('1.4 s to the first token');
    expect(text(<Charges rows={[{ ...charge, first_token_ms: null, tokens_per_second: null }]} />)).not.toContain('Speed');
  });

  test('leads to why it cost that', () => {
    expect(markup(<Charges rows={[charge]} />)).toContain('href="/dashboard/charges/c1"');
  });

  test('is a row of a table for those who hear it, also where it is drawn as a card', () => {
    const drawn = markup(<Charges rows={[charge]} />);
    for (const role of ['table', 'row', 'columnheader', 'rowheader', 'cell']) expect(drawn).toContain(`role="${role}"`);
    expect(drawn).toContain('data-head="Credits"');
  });
});

describe('why a charge cost what it did', () => {
  const line = { tokens: null, count: null, credits_per_million: null, credits_each: null };
  const explained: ExplainedCharge = {
    ...charge, exact_credits: 1.250001, adjusts_id: null,
    price: { valid_from: '2026-10-30T00:00:00Z', mode: 'cost', tier: null, tier_is_dearest: false, above_input_tokens: null },
    lines: [
      { ...line, item: 'input', tokens: 1200, credits_per_million: 390, credits: 0.468 },
      { ...line, item: 'output', tokens: 340, credits_per_million: 1950, credits: 0.663 },
      { ...line, item: 'web_search', count: 2, credits_each: 1.3, credits: 2.6 },
      { ...line, item: 'day_rounding', credits: -1.731 },
    ],
  };

  test('is shown line by line, with the price’s date', () => {
    const said = text(<Explanation charge={explained} />);
    expect(said).toContain('Input 1,200 tokens × 390 credits per million 0.468 Output 340 tokens × 1,950 credits per million 0.663 Web searches 2 × 1.3 credits 2.6 Rounding of the day’s total to whole credits -1.731 Charged 2 credits');
    expect(said).toMatch(/Price in effect since 30 Oct 2026, 00:00 UTC\.$/);
    expect(said).not.toMatch(/\$|[Cc]ost_usd/);
  });

  test.each([
    [{ tier: 'flex' }, 'It is the price of the service tier “flex”.'],
    [{ tier: 'odd', tier_is_dearest: true }, 'has no price of its own, so the highest price counts.'],
    [{ above_input_tokens: 200_000 }, 'It is the price of calls that read more than 200,000 tokens.'],
  ])('says which price counted: %j', (more, sentence) => {
    expect(text(<Explanation charge={{ ...explained, price: { valid_from: '2026-10-30T00:00:00Z', mode: 'cost', tier: null, tier_is_dearest: false, above_input_tokens: null, ...more } }} />)).toContain(sentence);
  });

  test('says so where no price made it', () => {
    expect(text(<Explanation charge={{ ...explained, price: null, lines: [{ ...line, item: 'amount', credits: 2 }] }} />)).toContain('No price made this charge');
  });
});

describe('a model', () => {
  const model: Model = { name: 'coder', aliases: [], display_name: null, description: null, context_window: null, price: null, typical_call_credits: null, wires: ['messages'] };

  test('names its endpoints, and the tools that call them', () => {
    const said = text(<ModelList rows={[model]} speeds={null} />);
    expect(said).toContain('Endpoints /v1/messages Tools Claude Code ·');
    expect(said).not.toMatch(/Codex|Your calls/);
    expect(text(<ModelList rows={[{ ...model, wires: ['chat', 'responses', 'messages'] }]} speeds={null} />)).toContain('Tools all');
    expect(text(<ModelList rows={[{ ...model, wires: [] }]} speeds={null} />)).toContain('The model cannot be called at the moment.');
  });

  test('says how fast it answered the account’s own calls', () => {
    const speeds = [{ model: 'coder', requests: 42, first_token_ms: 640, tokens_per_second: 81.4 }];
    expect(text(<ModelList rows={[model]} speeds={speeds} />)).toContain('Your calls first token after 640 ms · 81.4 tokens per second · 42 streamed calls in 30 days');
    expect(text(<ModelList rows={[model]} speeds={[{ model: 'coder', requests: 1, first_token_ms: 12_345, tokens_per_second: null }]} />)).toContain('first token after 12.3 s · 1 streamed call in 30 days');
    expect(text(<ModelList rows={[model]} speeds={[]} />)).toContain('Your calls none with a stream in the last 30 days');
  });
});
