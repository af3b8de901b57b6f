// Writes the price list that is embedded in the service, from the npm package @pydantic/genai-prices: the models of the makers
// below that are sold for writing code, in the package's own format, with where they come from; and the package's licence.
//
//   make pricelist
import { findProvider } from '@pydantic/genai-prices'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const name = '@pydantic/genai-prices'
const source = new URL(`node_modules/${name}/`, import.meta.url)
const target = new URL('../../catalog/pricelist/', import.meta.url)

// What is taken of each provider: the models whose id a pattern matches, or all, without those of notForCode.
const providers = {
  anthropic: /^claude-(?!v|2|3-(haiku|opus|sonnet))/,
  openai: /^(gpt-(4o|[4-9]\.\d|[5-9])|o[134]|codex|text-embedding-3)/,
  google: /^(gemini-(2\.5|[3-9])|gemini-embedding)/,
  'x-ai': /^grok-/,
  deepseek: null,
  mistral: null,
  moonshotai: null,
  zai: null,
  minimax: null,
  // The package has no prices of Alibaba's own service. Its coding models are sold there, among many of others.
  openrouter: /^qwen\/qwen3(-coder|-max|\.[5-9]-(plus|max|flash))/,
}
const notForCode = /audio|realtime|transcribe|tts|image|live|voice|voxtral|ocr|vision|omni|her$|-search-|embedding-2|\.ft-|:free$|:extended$/

// Units that the service counts, and units that it does not need: tokens of them are in another unit's, or answers have none of them.
const counted = ['input_mtok', 'output_mtok', 'cache_read_mtok', 'cache_write_mtok', 'cache_write_1h_mtok', 'input_audio_mtok', 'output_audio_mtok', 'requests_kcount', 'web_searches_kcount']
const ignored = ['storage_searches_kcount', 'cache_audio_read_mtok', 'cache_image_read_mtok']

function pricesOf(prices) {
  const unknown = Object.keys(prices).filter((key) => ![...counted, ...ignored].includes(key))
  if (unknown.length > 0) throw new Error(`prices by ${unknown}: add them to a list in this file`)
  return Object.fromEntries(counted.filter((key) => prices[key] !== undefined).map((key) => [key, prices[key]]))
}

// namesOf are the whole names by which a model is known beside its id.
function namesOf({ id, match }) {
  return (match.or ?? [match]).filter(({ equals }) => equals !== undefined && equals !== id)
}

function modelOf(model) {
  const { id, context_window, prices } = model
  const names = namesOf(model)
  return {
    id,
    ...(names.length > 0 && { match: { or: names } }),
    ...(context_window && { context_window }),
    prices: Array.isArray(prices)
      ? prices.map(({ constraint, prices }) => ({ ...(constraint && { constraint }), prices: pricesOf(prices) }))
      : pricesOf(prices),
  }
}

const hasTokenPrice = ({ prices }) => (Array.isArray(prices) ? prices.map((one) => one.prices) : [prices]).every((one) => one.input_mtok !== undefined)

function providerOf([id, pattern]) {
  const { name, pricing_urls, models } = findProvider({ providerId: id })
  const taken = models.filter((model) => !model.deprecated && !notForCode.test(model.id) && (pattern ?? /^/).test(model.id) && hasTokenPrice(model))
  if (taken.length === 0) throw new Error(`no model of ${id} was taken: correct its pattern`)
  return { id, name, pricing_urls, models: taken.map(modelOf) }
}

const { version, license: licence } = JSON.parse(readFileSync(new URL('package.json', source)))
const date = JSON.parse(execFileSync('npm', ['view', `${name}@${version}`, 'time', '--json'], { encoding: 'utf8' }))[version].slice(0, 10)
const list = { source: name, homepage: 'https://github.com/pydantic/genai-prices', version, date, licence, providers: Object.entries(providers).map(providerOf) }

// One line per model, so that a new version shows what it changes.
const text = JSON.stringify(list, (key, value) => (key === 'models' ? value.map((model) => JSON.stringify(model)) : value), 1)
  .replace(/^( +)("\{.*\}")(,?)$/gm, (_, indent, model, comma) => indent + JSON.parse(model) + comma)
JSON.parse(text)
writeFileSync(new URL('prices.json', target), text + '\n')
writeFileSync(new URL('genai-prices-LICENSE.txt', target), readFileSync(new URL('LICENSE', source)))
console.log(`${list.providers.reduce((sum, { models }) => sum + models.length, 0)} models of ${list.providers.length} providers from ${name} ${version} (${date}), ${text.length} bytes`)
