// The calls of a tour through the API. Every generated client makes them; how it does is its file's.

/** Who makes the calls. */
export interface Keys {
  url: string;
  admin: string;
  service: string;
}

/** What the tour found. */
export interface Found {
  email: string;
  label: string;
  valid: boolean;
  charged: number;
  released: boolean;
  duplicate: boolean;
  used: number;
  cost: number;
  models: string[];
  refused: number;
}
