// Written by hand until ../docs/openapi.json exists.
type J<T> = { headers: { [name: string]: unknown }; content: { 'application/json': T } };
interface User { email: string; name: string | null; plan: string; status: 'active' | 'suspended' }
interface Minted { id: string; key: string; prefix: string; label: string }
type R = 'user' | 'admin' | 'service';
export interface paths {
  '/api/auth/validate': { post: { requestBody: { content: { 'application/json': { token: string } } }; responses: { 200: J<{ valid: boolean; user: User | null; role: R | null; session_source: string; degraded: boolean; message: string | null }> } } };
  '/api/dashboard/overview': { get: { responses: { 200: J<{ user: User; usage: { credits_used: number; daily_limit: number; request_count: number; date: string }; key: { id: string; prefix: string; label: string; status: 'active' | 'revoked'; created_at: string; last_used_at: string | null }; role: R; session_source: string; degraded: boolean }> } } };
  '/api/keys': {
    get: { responses: { 200: J<{ id: string; prefix: string; label: string; status: 'active' | 'revoked'; created_at: string; last_used_at: string | null; expires_at: string | null }[]> } };
    post: { requestBody?: { content: { 'application/json': { label?: string | null; expires_at?: string | null } } }; responses: { 200: J<Minted> } };
  };
  '/api/keys/{id}': {
    patch: { requestBody: { content: { 'application/json': { label?: string | null; expires_at?: string | null } } }; responses: { 200: J<{ updated: boolean }> } };
    delete: { responses: { 200: J<{ deleted: boolean }> } };
  };
  '/api/keys/{id}/rotate': { post: { requestBody?: { content: { 'application/json': { grace_seconds?: number | null } } }; responses: { 200: J<Minted> } } };
  '/api/usage/today': { get: { responses: { 200: J<{ credits_used: number; daily_limit: number; request_count: number; date: string }> } } };
  '/api/usage/history': { get: { responses: { 200: J<{ date: string; credits_used: number; request_count: number; cost_usd: number }[]> } } };
  '/api/usage/detailed': { get: { responses: { 200: J<{ id: string; model: string; prompt_tokens: number; completion_tokens: number; cost_usd: number; credits: number; created_at: string; date: string }[]> } } };
  '/api/usage/models': { get: { responses: { 200: J<{ model: string; total_cost: number; requests: number; prompt_tokens: number; completion_tokens: number }[]> } } };
  '/api/usage/hourly': { get: { responses: { 200: J<{ hour: number; requests: number }[]> } } };
  '/api/usage': { post: { requestBody: { content: { 'application/json': { credits?: number | null; model?: string | null; prompt_tokens?: number | null; completion_tokens?: number | null; cost_usd?: number | null } } }; responses: { 200: J<{ recorded: boolean; duplicate: boolean; credits_used: number; daily_limit: number; remaining: number; date: string }> } } };
}
