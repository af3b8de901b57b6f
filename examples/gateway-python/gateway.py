"""A gateway of one's own, with Python's standard library alone: it takes chat completions of customers, holds
credits before it calls a provider, passes the answer on as it comes, and settles by the tokens that the
provider reports."""

import http.server
import json
import os
import threading
import time
import urllib.error
import urllib.request
import uuid

SERVICE, KEY = os.environ["CODEXIBLE_URL"], os.environ["CODEXIBLE_KEY"]
PROVIDER, PROVIDER_KEY = os.environ["PROVIDER_URL"], os.environ["PROVIDER_KEY"]
MAX_BODY, MAX_LINE = 8 << 20, 1 << 20
# Estimates tokens where nobody has counted them yet. It is low, so that a hold suffices.
BYTES_PER_TOKEN = 3
DEFAULT_OUTPUT = 4096
STATUS = {"QUOTA_EXCEEDED": 429, "RATE_LIMITED": 429, "CONCURRENCY_LIMITED": 429,
          "MODEL_NOT_ALLOWED": 403, "INSUFFICIENT_SCOPE": 403, "IP_NOT_ALLOWED": 403, "SUSPENDED": 403}


class Refused(Exception):
    """A key, a rate, a model or a quota that does not allow the call; its text is the code."""


def ask(path, body=None, attempts=6):
    """Asks the service, again while it fails in passing: what is asked is harmless when it is repeated."""
    for n in range(attempts):
        request = urllib.request.Request(SERVICE + path, json.dumps(body or {}).encode(), {"Authorization": "Bearer " + KEY, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            passing = error.code == 429 or error.code >= 500
            if not passing or error.headers.get("X-Should-Retry") == "false" or n == attempts - 1:
                raise
        except OSError:
            if n == attempts - 1:
                raise
        time.sleep(min(0.1 * 2**n, 5))


class Hold:
    """Credits that are set aside for a call. It is settled by `used`, or by `delivered` where nobody counted, or released."""

    def __init__(self, key, most, ttl=600):
        # Under an idempotency key a repeat makes no second hold.
        verdict = ask("/api/keys/verify", {"key": key, "hold": {"usage": most, "ttl_seconds": ttl}, "idempotency_key": str(uuid.uuid4())})
        if not verdict["valid"]:
            raise Refused(verdict["code"])
        self.path, self.ttl = "/api/holds/" + verdict["hold_id"], ttl
        self.used = self.delivered = None
        self.ended = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.extend, daemon=True).start()
        return self

    def extend(self):
        while not self.ended.wait(self.ttl / 3):
            try:
                ask(self.path + "/extend", {"ttl_seconds": self.ttl, **({"delivered": {"usage": self.delivered}} if self.delivered else {})}, attempts=1)
            except OSError:
                pass  # the next one makes up for it

    def __exit__(self, kind, error, trace):
        self.ended.set()
        usage = self.used or self.delivered
        if usage:
            ask(self.path + "/settle", {"usage": usage, "outcome": "complete" if error is None else "failed"})
        else:
            ask(self.path + "/release")


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # the end of the connection ends a stream
    timeout = 60

    def do_POST(self):
        if self.path != "/v1/chat/completions":
            return self.refuse(404, "not_found", "This gateway has /v1/chat/completions.")
        try:
            size = int(self.headers.get("Content-Length", ""))
            call = json.loads(self.rfile.read(size)) if 0 <= size <= MAX_BODY else None
            model, output = call["model"], int(call.get("max_completion_tokens") or call.get("max_tokens") or DEFAULT_OUTPUT)
        except (ValueError, TypeError, KeyError):
            return self.refuse(400, "invalid_request_error", "Send a JSON object with a model and a Content-Length.")
        if call.get("stream"):
            call["stream_options"] = {"include_usage": True}  # without it many providers report no tokens
        body = json.dumps(call).encode()
        most = {"model": model, "input_tokens": len(body) // BYTES_PER_TOKEN, "output_tokens": output}
        self.begun = False
        try:
            with Hold(self.headers.get("Authorization", "").removeprefix("Bearer "), most) as hold:
                self.forward(hold, body, most["input_tokens"])
        except Refused as refused:
            self.refuse(STATUS.get(str(refused), 401), str(refused).lower(), "The call is refused: " + str(refused))
        except (OSError, ValueError) as error:
            self.log_error("%s: %s", model, error)
            if not self.begun:
                self.refuse(502, "api_error", "The call failed. Nothing is charged.")

    def forward(self, hold, body, input_tokens):
        """Calls the provider and passes its answer on."""
        request = urllib.request.Request(PROVIDER + "/chat/completions", body, {"Authorization": "Bearer " + PROVIDER_KEY, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as response:
            self.send_response(200)
            self.send_header("Content-Type", response.headers["Content-Type"])
            self.end_headers()
            self.begun, delivered = True, 0
            while line := response.readline(MAX_LINE):
                self.wfile.write(line)
                self.wfile.flush()
                try:
                    event = json.loads(line.removeprefix(b"data: "))
                except ValueError:
                    continue
                delivered += sum(len(choice.get("delta", {}).get("content") or "") for choice in event.get("choices", []))
                if usage := event.get("usage"):
                    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
                    hold.used = {"input_tokens": usage["prompt_tokens"] - cached, "cache_read_tokens": cached, "output_tokens": usage["completion_tokens"]}
                elif delivered:
                    hold.delivered = {"input_tokens": input_tokens, "output_tokens": 1 + delivered // BYTES_PER_TOKEN}
            if not hold.used:
                raise ValueError("the provider reported no tokens")

    def refuse(self, status, kind, message):
        body = json.dumps({"error": {"type": kind, "code": kind, "message": message}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Gateway).serve_forever()
