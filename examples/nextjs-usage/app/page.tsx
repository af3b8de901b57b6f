import { codexible } from 'codexible';

/** Every visit reads the figures anew. */
export const dynamic = 'force-dynamic';

/** The key of whoever is signed in. Yours comes from your session; it never reaches the browser. */
async function keyOfVisitor(): Promise<string> {
  return process.env.CUSTOMER_KEY ?? '';
}

export default async function Usage() {
  const client = codexible({ url: process.env.CODEXIBLE_URL ?? '', key: await keyOfVisitor() });
  const [today, history] = await Promise.all([client.GET('/api/usage/today'), client.GET('/api/usage/history', { params: { query: { days: 30 } } })]);
  if (!today.data || !history.data) {
    const failure = today.error ?? history.error;
    return <p role="alert">The figures cannot be shown: {failure?.error.message}</p>;
  }
  const { credits_used: used, daily_limit: limit, request_count: requests } = today.data;
  const most = Math.max(1, ...history.data.map((day) => day.credits_used));
  return (
    <main>
      <h1>Usage</h1>
      <progress value={used} max={limit} aria-label={`${used} of ${limit} credits`} />
      <dl>
        <dt>Credits today</dt>
        <dd>
          {used} of {limit}
        </dd>
        <dt>Requests today</dt>
        <dd>{requests}</dd>
      </dl>
      <h2>The last 30 days</h2>
      <ol>
        {history.data.map((day) => (
          <li key={day.date} title={`${day.date}: ${day.credits_used} credits`} style={{ height: `${(100 * day.credits_used) / most}%` }}>
            <span>
              {day.date}: {day.credits_used} credits
            </span>
          </li>
        ))}
      </ol>
    </main>
  );
}
