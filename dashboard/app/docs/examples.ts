import { contentOf, tools } from '@/app/lib/tools';

const shown = ['curl', 'openai-python', 'openai-typescript', 'openai-go', 'anthropic-python', 'anthropic-typescript', 'anthropic-go'];

/** How to call a model, in the languages that customers ask about: the program of the tool's set-up. Each runs once CODEXIBLE_API_KEY is set. */
export function callExamples(address: string): { name: string; code: string }[] {
  return tools
    .filter(({ id }) => shown.includes(id))
    .map(({ name, parts }) => {
      const program = parts.findLast((part) => part.path !== undefined) ?? parts.at(-1);
      return { name, code: program ? contentOf(program, { address, key: null, model: null }) : '' };
    });
}

export function checkExample(baseUrl: string): string {
  return `curl ${baseUrl}/api/dashboard/overview \\
  -H "Authorization: Bearer $CODEXIBLE_API_KEY"`;
}

export function typesExample(baseUrl: string): string {
  return `npx openapi-typescript ${baseUrl}/openapi.json -o codexible.d.ts`;
}

export const errorExample = `{
  "error": {
    "code": "quota_exceeded",
    "message": "Daily credit limit reached (250/250). Resets at 00:00 UTC, in 3 h 12 min.",
    "status": 429,
    "request_id": "0190a6f2-5d8e-7c1b-9f44-2f6d0c1e7a35"
  }
}`;
