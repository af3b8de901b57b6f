package gateway

import (
	"bytes"
	"sync/atomic"
)

// Bounds of the events of a stream.
const (
	// longEvent is how much of an event is held until its end; what is longer passes in parts.
	longEvent = 64 << 10
	// mostKept is how much of an event that passes in parts is kept to be read at its end.
	mostKept = 8 << 20
	// mostKeptInAll is how much all streams together keep.
	mostKeptInAll = 64 << 20
	// idleBuffer is the most that a stream holds from one event to the next.
	idleBuffer = 16 << 10
)

// keptByAll is what the streams of the process keep of long events.
var keptByAll = budget{most: mostKeptInAll}

// A budget is memory that many share.
type budget struct {
	most  int64
	taken atomic.Int64
}

func (b *budget) take(n int) bool {
	if b.taken.Add(int64(n)) <= b.most {
		return true
	}
	b.give(n)
	return false
}

func (b *budget) give(n int) { b.taken.Add(-int64(n)) }

// A framer cuts a stream of server-sent events into its events. All bytes of the stream come
// out again, unchanged and in their order, in the raw bytes of its frames. The stream may be
// cut into chunks anywhere; lines end with LF, CRLF or CR.
//
//	for chunk := range chunks {
//		f.feed(chunk)
//		for fr, ok := f.next(); ok; fr, ok = f.next() { … }
//	}
//	if fr, ok := f.flush(); ok { … }
//	f.close() // also where the stream is given up
//
// A chunk is not changed, and may be changed by its owner once next has returned false.
type framer struct {
	// view is what is read: the chunk, or rest where an event began in an earlier chunk. What
	// is before start was returned, what is before seen was searched for the ends of lines.
	view        []byte
	start, seen int
	// line is where the line of seen begins; negative where its beginning has left the view.
	line int
	// lf is where the next LF is, the length of the view if there is none; before seen if it was not searched.
	lf int
	// afterCR is whether the view ended with a CR, of which an LF may be the second half; crlf
	// is whether the last line ended with both.
	afterCR, crlf bool
	// rest is the beginning of an event whose end has not arrived.
	rest []byte
	// inside is whether a part of the event has passed, kept is a copy of it, and unread is
	// whether it was too much to be kept.
	inside, unread bool
	kept           []byte
	// joined is where the lines of data are joined.
	joined []byte
	// begun is whether there was an event: a byte order mark stands before the first alone.
	begun bool

	long, most int
	all        *budget
}

// A frame is an event of a stream, or a part of one. It is valid until the next call of the framer.
type frame struct {
	// raw are the bytes to pass on; empty in the last frame of a stream that ends behind a part.
	raw []byte
	// whole is whether the event ends with raw. Behind any other frame nothing may be inserted.
	// Where parts of an event have passed, its last frame has at least its blank line, without
	// which a client does not act on the event.
	whole bool
	// name is what the event's field event says; empty for none.
	name []byte
	// data is what the event's fields data say, joined by LF. It is nil for a part, for an event
	// that has none, such as a comment, and for one that is unread.
	data []byte
	// unread is whether an event was too long to be read: it may be anything.
	unread bool
	// cut is whether the stream ended inside the event. Its data may be cut, too.
	cut bool
}

func newFramer() *framer {
	return &framer{long: longEvent, most: mostKept, all: &keptByAll}
}

// feed gives the framer the next bytes of the stream. All frames of the bytes before them have been taken.
func (f *framer) feed(chunk []byte) {
	f.lf = -1
	if len(f.rest) == 0 {
		f.view = chunk
		return
	}
	f.rest = append(f.rest, chunk...)
	f.view = f.rest
}

// next gives the next frame of what was fed; false where more has to be fed.
func (f *framer) next() (frame, bool) {
	f.forget()
	if end := f.end(); end >= 0 {
		raw := f.view[f.start:end]
		f.start = end
		return f.event(raw), true
	}
	part := f.view[f.start:f.seen]
	if len(part) >= f.long || f.inside && len(part) > 0 {
		f.inside = true
		f.keep(part)
		f.start = f.seen
		return frame{raw: part}, true
	}
	f.save(f.view[f.start:])
	return frame{}, false
}

// flush gives what is left when the stream has ended: an event without its blank line.
func (f *framer) flush() (frame, bool) {
	f.forget()
	raw := f.view[f.start:]
	if len(raw) == 0 && !f.inside {
		return frame{}, false
	}
	cut := (f.inside || len(bytes.Trim(raw, "\r\n")) > 0) && f.seen == len(f.view)
	fr := f.event(raw)
	fr.cut = cut
	f.start = len(f.view)
	return fr, true
}

// close gives back what the framer keeps. It can be called again.
func (f *framer) close() {
	f.inside = false
	f.forget()
	f.view, f.rest, f.joined = nil, nil, nil
	f.start, f.seen, f.line = 0, 0, 0
}

// end is where the event at start ends, behind its blank line; negative if that has not arrived.
// Where lines end with CRLF, the blank line does too: its CR is not seen until its LF is there.
func (f *framer) end() int {
	if f.afterCR && f.seen < len(f.view) {
		f.afterCR = false
		if f.view[f.seen] == '\n' {
			f.seen++
			f.line, f.crlf = f.seen, true
		}
	}
	for {
		at := lineEnd(f.view, f.seen, &f.lf)
		if at < 0 {
			f.seen = len(f.view)
			return -1
		}
		blank, crlf := at == f.line, f.crlf
		f.seen, f.crlf = at+1, false
		if f.view[at] == '\r' {
			switch {
			case f.seen == len(f.view) && blank && crlf:
				f.seen, f.crlf = at, true
				return -1
			case f.seen == len(f.view):
				f.afterCR = true
			case f.view[f.seen] == '\n':
				f.seen++
				f.crlf = true
			}
		}
		if f.line = f.seen; blank {
			return f.seen
		}
	}
}

// lineEnd is where the line that at is in ends in b; negative if it does not. lf is the place
// of the next LF, as framer.lf: a view full of CRs is not searched again for each of them.
func lineEnd(b []byte, at int, lf *int) int {
	if *lf < at {
		if *lf = bytes.IndexByte(b[at:], '\n') + at; *lf < at {
			*lf = len(b)
		}
	}
	switch cr := bytes.IndexByte(b[at:*lf], '\r'); {
	case cr >= 0:
		return at + cr
	case *lf == len(b):
		return -1
	default:
		return *lf
	}
}

// event reads the event that ends with raw.
func (f *framer) event(raw []byte) frame {
	fr := frame{raw: raw, whole: true}
	if f.inside {
		if f.keep(raw); f.unread {
			fr.unread = true
		} else {
			fr.name, fr.data = f.read(f.kept, f.kept[:0])
		}
		f.inside, f.unread = false, false
	} else {
		fr.name, fr.data = f.read(raw, f.joined[:0])
	}
	f.begun = true
	return fr
}

// read gives name and data of an event. What it joins it writes to joined, which may be the
// beginning of the event itself: what is written is always behind what is read.
func (f *framer) read(event, joined []byte) (name, data []byte) {
	if !f.begun {
		event = bytes.TrimPrefix(event, []byte("\xef\xbb\xbf"))
	}
	many := false
	for at, lf := 0, -1; at < len(event); {
		end := lineEnd(event, at, &lf)
		if end < 0 {
			end = len(event)
		}
		line := event[at:end]
		at = end + 1
		field, value, colon := bytes.Cut(line, []byte(":"))
		if !colon {
			value = line[len(line):] // an empty text, not none
		}
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			if name = value; f.inside {
				name = bytes.Clone(value[:min(len(value), maxWord)])
			}
		case "data":
			switch {
			case data == nil:
				data = value
				continue
			case !many:
				many = true
				joined = append(joined, data...)
			}
			joined = append(append(joined, '\n'), value...)
			data = joined
		}
	}
	if many && !f.inside {
		f.joined = joined
	}
	return name, data
}

// keep keeps a part of the event, if there is room.
func (f *framer) keep(part []byte) {
	if f.unread {
		return
	}
	need := len(f.kept) + len(part)
	if have := cap(f.kept); need > have {
		grown := min(max(2*have, need), f.most)
		switch {
		case need <= f.most && f.all.take(grown-have):
		case need <= f.most && f.all.take(need-have):
			grown = need
		default:
			f.unread = true
			f.drop()
			return
		}
		f.kept = append(make([]byte, 0, grown), f.kept...)
	}
	f.kept = append(f.kept, part...)
}

func (f *framer) drop() {
	f.all.give(cap(f.kept))
	f.kept = nil
}

// forget drops the copy of an event that has been returned.
func (f *framer) forget() {
	if !f.inside && f.kept != nil {
		f.drop()
	}
}

// save keeps the beginning of an event until the next chunk.
func (f *framer) save(part []byte) {
	if len(part) <= idleBuffer && cap(f.rest) > idleBuffer {
		f.rest = nil
	}
	if cap(f.joined) > idleBuffer {
		f.joined = nil
	}
	f.rest = append(f.rest[:0], part...)
	f.view, f.lf = f.rest, -1
	f.seen -= f.start
	f.line -= f.start
	f.start = 0
}
