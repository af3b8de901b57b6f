package gateway

// An adapter is what the core has to know of a wire. The three of them are pure: they
// read bytes and make bytes.
type adapter interface {
	// inspect reads what the gateway needs of a request's body. An error is a refusal that
	// says what is wrong with the body.
	inspect(e Endpoint, body []byte) (inspected, error)
	// event reads one event of a stream: the name that stands in its event field, empty for
	// none, and its data. The data is not kept.
	event(name, data []byte) signal
	// answered is how many bytes the model wrote of an answer that is not streamed: text,
	// reasoning, arguments of tools.
	answered(body []byte) int64
	// stopped are the events that end a stream in which no credits are left, with a sentence.
	stopped(r *Refusal, requestID string) []byte
	// keepAlive is an event that every client of the wire passes over.
	keepAlive() []byte
	// refusal is the body of a refusal.
	refusal(r *Refusal, requestID string) []byte
}

// inspected is what a request's body says.
type inspected struct {
	// model is what the client asked for; modelAt is where its JSON string stands in the body, quotes included.
	model   string
	modelAt [2]int
	stream  bool
	// usageAsked is whether a stream will end with its usage without a change of the body;
	// usageAt is where the body has to be changed for it, and with what, otherwise.
	usageAsked bool
	usageAt    [2]int
	usageEdit  string
	// maxOutput is the request's own maximum of output tokens; 0 for none.
	maxOutput int64
	// choices is how many answers are made: n or best_of, 1 at least.
	choices int64
	// session names a session in the body: prompt_cache_key or metadata.user_id; empty for none.
	session string
	// text is how many bytes of the body are text, media how many parts of it are data: or base64.
	text, media int64
	// shared is the first field that refers to what a provider keeps; empty for none.
	shared string
	// hosted are the tools that a provider runs and that cost or keep something beside tokens.
	hosted []string
}

// signal is what one event of a stream means.
type signal struct {
	// generated is whether the model has begun to write: an upstream cannot be replaced after it.
	generated bool
	// text is how many bytes of what the model wrote the event has: text, reasoning, arguments of tools.
	text int64
	// final is whether it is the last event, which leaves after the commit.
	final bool
	// failed is whether it is a failure inside a 200 stream, and code what the provider calls it.
	failed bool
	code   string
	// usageOnly is whether it is the chunk of a chat stream that has the usage and nothing else.
	usageOnly bool
}
