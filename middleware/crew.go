package middleware

import (
	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/refusal"
)

// crew works on a large file, chunk by chunk: each member does one thing with every chunk in a goroutine of its own,
// while the next chunk is read. The goroutines last as long as the file is read, so that a chunk costs no more than two
// channel operations for each of them. A crew belongs to one upload.
type crew struct {
	members []*member
	busy    bool // A chunk was given and has not been waited for.
}

// member is what one of them does, and how it is told.
type member struct {
	do   func(chunk []byte) *refusal.Refusal
	work chan []byte
	done chan *refusal.Refusal
}

// hireCrew lets a crew judge the file, and hash it where that is asked for. Where the file is held on disk the crew also
// writes it there. closeUpload dismisses whoever has been hired.
func hireCrew(u *upload) {
	c := &crew{}
	u.crew = c
	inspection := u.inspection
	hire(c, func(chunk []byte) *refusal.Refusal { return content.Write(inspection, chunk) })
	h := u.held
	if u.flow == nil {
		hire(c, func(chunk []byte) *refusal.Refusal { return holdFurther(h, chunk) })
	}
	if h.digest != nil {
		hire(c, func(chunk []byte) *refusal.Refusal {
			_, _ = h.digest.Write(chunk)
			return nil
		})
	}
}

// hire starts a member, which dismiss ends. What comes first has the first word when several refuse.
func hire(c *crew, do func(chunk []byte) *refusal.Refusal) {
	m := &member{do: do, work: make(chan []byte, 1), done: make(chan *refusal.Refusal, 1)}
	c.members = append(c.members, m)
	go labour(m)
}

// labour works until there is no more to come. Both channels have room for one, so that nobody is left waiting.
func labour(m *member) {
	for chunk := range m.work {
		m.done <- attend(m, chunk)
	}
}

// attend does a member's work on one chunk. A panic in a goroutine of ours would end the gateway: it refuses instead.
func attend(m *member, chunk []byte) (no *refusal.Refusal) {
	defer func() {
		if recovered := recover(); recovered != nil {
			no = internal(recovered)
		}
	}()
	return m.do(chunk)
}

// give hands everybody the next chunk, which stays as it is until await returns. The one before has been waited for.
func give(c *crew, chunk []byte) {
	c.busy = true
	for _, m := range c.members {
		m.work <- chunk
	}
}

// await waits until everybody is done with the last chunk, and gives the first refusal.
func await(c *crew) *refusal.Refusal {
	if !c.busy {
		return nil
	}
	var first *refusal.Refusal
	for _, m := range c.members {
		no := <-m.done
		if first == nil {
			first = no
		}
	}
	c.busy = false
	return first
}

// dismiss ends the members. It may be called twice.
func dismiss(c *crew) {
	_ = await(c)
	for _, m := range c.members {
		close(m.work)
	}
	c.members = nil
}
