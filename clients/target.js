// Where the clients are pointed at, from the environment.

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: go test ./drills -run TestClients runs these tests`);
  return value;
}

/** The address without /v1. */
export const url = required('CLIENTS_URL');
export const key = required('CLIENTS_KEY');

/** What the model writes: the fake provider's first words. */
export const text = 'The function reads the file once, keeps every line in order and';
export const prompt = 'one two three';
/** A word is a token. */
export const tokens = { input: 3, output: 12 };

export const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };

/** The requests for a model that reached the fake provider: [{status, left, done, output}]. */
export async function requests(model) {
  const response = await fetch(`${required('CLIENTS_CONTROL')}/requests?model=${encodeURIComponent(model)}`);
  return response.json();
}

/** The text of a stream of deltas. */
export async function joined(stream, delta) {
  let all = '';
  for await (const part of stream) all += delta(part) ?? '';
  return all;
}

/** What a promise is rejected with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was not rejected');
}
