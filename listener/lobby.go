package listener

import (
	"bytes"
	linked "container/list"
	"crypto/tls"
	"net"
	"time"
)

// queue is why a connection waits in the lobby. They make room in this order.
type queue uint8

const (
	// kept connections have had an answer and may ask again.
	kept queue = iota
	// silent ones have sent nothing yet. Browsers and clients open some to have them ready.
	silent
	// unfinished ones have sent a part of a head.
	unfinished

	queues
)

// waitingPlace is where a connection waits; its element is nil where it does not.
type waitingPlace struct {
	queue   queue
	element *linked.Element
}

const (
	// headPiece is what a head is read into at first.
	headPiece = 512
	// mostHeads is how many bytes unfinished heads may hold beyond it, all together.
	mostHeads = 16 << 20
)

// wait reads the head of the connection's next request and hands the connection
// to the HTTP server. The head has v.door.ReadTimeout from its first byte, on a
// fresh connection from the beginning, however slowly it arrives.
func (v *visitor) wait() {
	v.idle = false
	why, patience := silent, v.door.ReadTimeout
	switch {
	case len(v.early) > 0:
		why = unfinished
	case v.served:
		why, patience = kept, v.door.IdleTimeout
	}
	v.by = time.Now().Add(patience)
	whole := v.door.enter(v, why) && v.Conn.SetReadDeadline(v.by) == nil && v.readHead()
	if !v.door.exit(v) {
		_ = v.leave()
		return
	}
	defer v.door.handedOver()
	if !whole {
		_ = v.leave()
		return
	}
	select {
	case v.door.ready <- v.facade():
	case <-v.door.closed:
		_ = v.leave()
	}
}

// readHead reads until the head is whole, or as long as it may be. What cannot
// become a whole one is answered by the HTTP server; it is false where nothing
// came, or where the heads of others leave no room.
func (v *visitor) readHead() bool {
	head, checked := v.early, 0
	defer func() { v.door.returnHead(max(cap(head)-headPiece, 0)) }()
	if extra := cap(head) - headPiece; extra > 0 && !v.door.takeHead(extra) {
		head = nil
		return false
	}
	for headEnd(head, checked) < 0 && len(head) < v.door.MaxHeadBytes {
		if checked = len(head); checked == cap(head) {
			larger := min(max(2*checked, headPiece), v.door.MaxHeadBytes)
			if checked > 0 && !v.door.takeHead(larger-max(checked, headPiece)) {
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
	v.door.move(v, unfinished)
	if !v.served {
		return true
	}
	v.by = time.Now().Add(v.door.ReadTimeout)
	return v.Conn.SetReadDeadline(v.by) == nil
}

// headEnd is where the blank line after a head begins; -1 where it has not
// arrived. Nothing before from, less what a blank line spans, has to be looked at again.
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

// enter has a connection wait; it answers false where nobody may any more.
func (d *Listener) enter(v *visitor, why queue) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dismissed {
		return false
	}
	v.place = waitingPlace{why, d.waiting[why].PushBack(v)}
	select {
	case d.parked <- struct{}{}:
	default:
	}
	return true
}

// move puts a connection at the end of another queue.
func (d *Listener) move(v *visitor, why queue) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.place.element != nil {
		d.waiting[v.place.queue].Remove(v.place.element)
		v.place = waitingPlace{why, d.waiting[why].PushBack(v)}
	}
}

// exit ends a connection's wait; it answers false where it was closed meanwhile.
// After true the caller calls handedOver once the connection is somebody else's.
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

// handedOver ends what exit began.
func (d *Listener) handedOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leaving--
	d.checkEmpty()
}

// checkEmpty reports the end of the lobby's last connection while the service
// shuts down; the door is locked.
func (d *Listener) checkEmpty() {
	if d.dismissed && d.leaving == 0 && d.waiting[unfinished].Len() == 0 {
		select {
		case d.emptied <- struct{}{}:
		default:
		}
	}
}

// evict closes the connection that others can best do without. It answers false where none waits.
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

// turnOut closes a connection of the lobby; the door is locked.
func (d *Listener) turnOut(waiting *linked.Element) {
	v := waiting.Value.(*visitor)
	d.waiting[v.place.queue].Remove(waiting)
	v.place.element = nil
	// TLS would say a last word, and wait for room to say it.
	if encrypted, is := v.Conn.(*tls.Conn); is {
		_ = encrypted.NetConn().Close()
		return
	}
	_ = v.Conn.Close()
}

// HeadPatience is how long a request whose head has begun to arrive may take to
// finish it when the service shuts down.
const HeadPatience = 5 * time.Second

// Drain stops accepting connections and closes those on which no request has
// begun: the service is shutting down. A head that has begun is waited for, so
// that its request is answered like any that is in progress.
func (d *Listener) Drain(patience time.Duration) {
	d.mu.Lock()
	d.dismissed = true
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

// turnOutAll closes the connections of a queue; the door is locked.
func (d *Listener) turnOutAll(why queue) {
	for first := d.waiting[why].Front(); first != nil; first = d.waiting[why].Front() {
		d.turnOut(first)
	}
}

// takeHead takes room for more bytes of an unfinished head.
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
