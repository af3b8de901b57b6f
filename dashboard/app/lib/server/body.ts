/** The text of a request; null where it is longer than `most` bytes, of which no more is read. */
export async function readText(request: Request, most: number): Promise<string | null> {
  const [reader, decoder] = [request.body?.getReader(), new TextDecoder()];
  let [text, bytes] = ['', 0];
  for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
    bytes += next.value.byteLength;
    if (bytes > most) {
      await reader?.cancel();
      return null;
    }
    text += decoder.decode(next.value, { stream: true });
  }
  return text;
}

/** Whether a request is a form that a browser sent without a script. Such a form expects a page. */
export function isForm(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false;
}

/** The fields of a form or of a JSON object that are texts; null where the body is neither, or too long. */
export async function readFields(request: Request, most = 8 * 1024): Promise<Record<string, string> | null> {
  const text = await readText(request, most);
  if (text === null) return null;
  if (isForm(request.headers)) return Object.fromEntries(new URLSearchParams(text));
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
    return Object.fromEntries(Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return null;
  }
}
