package listener

import (
	"bytes"
	linked "container/list"
	"crypto/tls"
	"net"
	"time"
)

// queue is why a connection waits in the lobby. Queues are evicted in this order.
type queue uint8

const (
	// kept connections have been served and may send another request.
	kept queue = iota
	// silent ones have sent nothing yet. Browsers open some in advance.
	silent
	// unfinished ones have sent a part of a head.
	unfinished

	queues
)

// waitingPlace is where a connection waits; element is nil if it does not.
type waitingPlace struct {
	queue   queue
	element *linked.Element
}

const (
	// headPiece is the size of a head's first buffer.
	headPiece = 512
	// mostHeads is the most bytes beyond it of all unfinished heads together.
	mostHeads = 16 << 20
)

// wait reads the head of the connection's next request and hands the connection
// to the HTTP server. The whole head has ReadTimeout from its first byte, on a fresh
// connection from the start.
func (v *visitor) wait() {
	v.idle = false
	why, patience := silent, v.listener.ReadTimeout
	switch {
	case len(v.early) > 0:
		why = unfinished
	case v.served:
		why, patience = kept, v.listener.IdleTimeout
	}
	v.by = time.Now().Add(patience)
	whole := v.listener.enter(v, why) && v.Conn.SetReadDeadline(v.by) == nil && v.readHead()
	if !v.listener.exit(v) {
		_ = v.leave()
		return
	}
	defer v.listener.handedOver()
	if !whole {
		_ = v.leave()
		return
	}
	select {
	case v.listener.ready <- v.facade():
	case <-v.listener.closed:
		_ = v.leave()
	}
}

// readHead reads until the head is complete, has MaxHeadBytes or cannot be read on;
// the HTTP server answers an incomplete one. It returns false if nothing arrived or
// mostHeads is used up.
func (v *visitor) readHead() bool {
	head, checked := v.early, 0
	defer func() { v.listener.returnHead(max(cap(head)-headPiece, 0)) }()
	if extra := cap(head) - headPiece; extra > 0 && !v.listener.takeHead(extra) {
		head = nil
		return false
	}
	for headEnd(head, checked) < 0 && len(head) < v.listener.MaxHeadBytes {
		if checked = len(head); checked == cap(head) {
			larger := min(max(2*checked, headPiece), v.listener.MaxHeadBytes)
			if checked > 0 && !v.listener.takeHead(larger-max(checked, headPiece)) {
				return false
			}
			head = append(make([]byte, 0, larger), head...)
		}
		n, err := v.Conn.Read(head[checked:cap(head)])
		if n > 0 && checked == 0 && !v.begin() {
			return false
		}
		head = head[:checked+n]
		if err != nil {
			break
		}
	}
	v.early = head
	return len(head) > 0
}

// begin notes the first byte of a head.
func (v *visitor) begin() bool {
	v.listener.move(v, unfinished)
	if !v.served {
		return true
	}
	v.by = time.Now().Add(v.listener.ReadTimeout)
	return v.Conn.SetReadDeadline(v.by) == nil
}

// headEnd is the index of the blank line after a head, or -1. The bytes before from
// were searched already.
func headEnd(b []byte, from int) int {
	from = max(from-len("\n\r"), 0)
	if i := bytes.Index(b[from:], []byte("\n\r\n")); i >= 0 {
		return from + i
	}
	if i := bytes.Index(b[from:], []byte("\n\n")); i >= 0 {
		return from + i
	}
	return -1
}

// facade is the connection as the HTTP server sees it.
func (v *visitor) facade() net.Conn {
	if encrypted, is := v.Conn.(*tls.Conn); is {
		return &encryptedVisitor{visitor: v, encrypted: encrypted}
	}
	return v
}

// enter puts a connection into a queue, and returns false while draining.
func (d *Listener) enter(v *visitor, why queue) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.draining {
		return false
	}
	v.place = waitingPlace{why, d.waiting[why].PushBack(v)}
	select {
	case d.parked <- struct{}{}:
	default:
	}
	return true
}

// move moves a connection to the end of another queue.
func (d *Listener) move(v *visitor, why queue) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.place.element != nil {
		d.waiting[v.place.queue].Remove(v.place.element)
		v.place = waitingPlace{why, d.waiting[why].PushBack(v)}
	}
}

// exit takes a connection out of its queue, and returns false if it was evicted. After
// true the caller calls handedOver when the connection has left the lobby.
func (d *Listener) exit(v *visitor) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.place.element == nil {
		return false
	}
	d.waiting[v.place.queue].Remove(v.place.element)
	v.place.element = nil
	d.leaving++
	return true
}

// handedOver follows exit.
func (d *Listener) handedOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leaving--
	d.checkEmpty()
}

// checkEmpty signals emptied when a drain has no head to wait for; d.mu is held.
func (d *Listener) checkEmpty() {
	if d.draining && d.leaving == 0 && d.waiting[unfinished].Len() == 0 {
		select {
		case d.emptied <- struct{}{}:
		default:
		}
	}
}

// evict closes the first connection of the first queue that has one, and reports whether it did.
func (d *Listener) evict() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for why := range d.waiting {
		if first := d.waiting[why].Front(); first != nil {
			d.turnOut(first)
			d.evicted.Add(1)
			return true
		}
	}
	return false
}

// turnOut closes a connection of the lobby; d.mu is held.
func (d *Listener) turnOut(waiting *linked.Element) {
	v := waiting.Value.(*visitor)
	d.waiting[v.place.queue].Remove(waiting)
	v.place.element = nil
	// TLS would send a close message, and wait until it is taken.
	if encrypted, is := v.Conn.(*tls.Conn); is {
		_ = encrypted.NetConn().Close()
		return
	}
	_ = v.Conn.Close()
}

// HeadPatience is how long a shutdown waits for unfinished heads.
const HeadPatience = 5 * time.Second

// Drain stops accepting connections and closes those on which no request has begun.
// It waits for unfinished heads, so that their requests are answered too.
func (d *Listener) Drain(patience time.Duration) {
	d.mu.Lock()
	d.draining = true
	d.turnOutAll(kept)
	d.turnOutAll(silent)
	d.checkEmpty()
	d.mu.Unlock()
	d.stop.Do(func() { d.stopped = d.Listener.Close() })

	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case <-d.emptied:
	case <-d.closed:
	case <-enough.C:
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turnOutAll(unfinished)
}

// turnOutAll closes the connections of a queue; d.mu is held.
func (d *Listener) turnOutAll(why queue) {
	for first := d.waiting[why].Front(); first != nil; first = d.waiting[why].Front() {
		d.turnOut(first)
	}
}

// takeHead reserves bytes for an unfinished head, within mostHeads.
func (d *Listener) takeHead(bytes int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.heads+bytes > mostHeads {
		return false
	}
	d.heads += bytes
	return true
}

func (d *Listener) returnHead(bytes int) {
	if bytes == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heads -= bytes
}
