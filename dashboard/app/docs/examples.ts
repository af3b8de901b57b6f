/** How to charge one request, in the languages that customers ask about. Each sample runs as it stands once CODEXIBLE_KEY is set. */
export function chargeExamples(baseUrl: string): { name: string; code: string }[] {
  return [
    {
      name: 'curl',
      code: `curl ${baseUrl}/api/usage \\
  -H "Authorization: Bearer $CODEXIBLE_KEY" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: order-1842" \\
  -d '{"credits": 1, "model": "codex-large", "cost_usd": 0.0126,
       "prompt_tokens": 900, "completion_tokens": 240}'`,
    },
    {
      name: 'JavaScript',
      code: `const answer = await fetch('${baseUrl}/api/usage', {
  method: 'POST',
  headers: {
    Authorization: \`Bearer \${process.env.CODEXIBLE_KEY}\`,
    'Content-Type': 'application/json',
    'Idempotency-Key': crypto.randomUUID(),
  },
  body: JSON.stringify({ credits: 1, model: 'codex-large' }),
});
const body = await answer.json();
if (!answer.ok) throw new Error(\`\${body.error.code}: \${body.error.message}\`);
console.log(body.remaining, 'credits left today');`,
    },
    {
      name: 'Python',
      code: `import json, os, urllib.request, uuid

request = urllib.request.Request(
    "${baseUrl}/api/usage",
    data=json.dumps({"credits": 1, "model": "codex-large"}).encode(),
    headers={
        "Authorization": f"Bearer {os.environ['CODEXIBLE_KEY']}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    },
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["remaining"], "credits left today")`,
    },
    {
      name: 'Go',
      code: `body := strings.NewReader(\`{"credits": 1, "model": "codex-large"}\`)
request, err := http.NewRequestWithContext(ctx, http.MethodPost, "${baseUrl}/api/usage", body)
if err != nil {
	return err
}
request.Header.Set("Authorization", "Bearer "+os.Getenv("CODEXIBLE_KEY"))
request.Header.Set("Content-Type", "application/json")
request.Header.Set("Idempotency-Key", requestID)
answer, err := http.DefaultClient.Do(request)
if err != nil {
	return err
}
defer answer.Body.Close()`,
    },
  ];
}

export function checkExample(baseUrl: string): string {
  return `curl ${baseUrl}/api/dashboard/overview \\
  -H "Authorization: Bearer $CODEXIBLE_KEY"`;
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

/** The customers that \`codexible serve --demo\` seeds. */
export const demoCustomers = [
  { key: 'codexible_demo_pro_2026', plan: 'Pro', dailyCredits: 250 },
  { key: 'codexible_demo_business_2026', plan: 'Business', dailyCredits: 500 },
  { key: 'codexible_demo_starter_2026', plan: 'Starter', dailyCredits: 75 },
];
