package middleware

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

func TestCrewWorksOnEveryChunkInOrder(t *testing.T) {
	var first, second bytes.Buffer
	c := &crew{}
	hire(c, func(chunk []byte) *refusal.Refusal { first.Write(chunk); return nil })
	hire(c, func(chunk []byte) *refusal.Refusal { second.Write(chunk); return nil })
	for _, chunk := range []string{"one ", "two ", "three"} {
		give(c, []byte(chunk))
		if no := await(c); no != nil {
			t.Fatal(no)
		}
	}
	dismiss(c)
	if first.String() != "one two three" || second.String() != "one two three" {
		t.Errorf("%q and %q", first.String(), second.String())
	}
}

func TestCrewGivesTheFirstMembersRefusal(t *testing.T) {
	judged, full := &refusal.Refusal{Code: "judged"}, &refusal.Refusal{Code: "full"}
	c := &crew{}
	defer dismiss(c)
	hire(c, func([]byte) *refusal.Refusal { time.Sleep(10 * time.Millisecond); return judged })
	hire(c, func([]byte) *refusal.Refusal { return full })
	give(c, []byte("x"))
	if no := await(c); no != judged {
		t.Errorf("got %+v", no)
	}
	if no := await(c); no != nil {
		t.Errorf("nothing was given, and it says %+v", no)
	}
}

func TestCrewAnswersForAPanic(t *testing.T) {
	c := &crew{}
	defer dismiss(c)
	hire(c, func(chunk []byte) *refusal.Refusal { return &refusal.Refusal{Code: string(chunk[3:])} })
	give(c, nil)
	if no := await(c); no == nil || no.Code != "internal" {
		t.Fatalf("got %+v", no)
	}
	give(c, []byte("123code"))
	if no := await(c); no == nil || no.Code != "code" {
		t.Errorf("after the panic: %+v", no)
	}
}

func TestCrewLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := 0; i < 100; i++ {
		c := &crew{}
		hire(c, func([]byte) *refusal.Refusal { return nil })
		hire(c, func([]byte) *refusal.Refusal { panic("a mistake") })
		if i%2 == 0 {
			give(c, []byte("x"))
		}
		dismiss(c)
		dismiss(c)
	}
	// A goroutine is counted for a moment after its last statement.
	for i := 0; i < 1000 && runtime.NumGoroutine() > before; i++ {
		time.Sleep(time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
