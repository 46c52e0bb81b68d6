package middleware

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

func TestWorkersTakeEveryChunkInOrder(t *testing.T) {
	var first, second bytes.Buffer
	w := &workers{}
	addWorker(w, func(chunk []byte) *refusal.Refusal { first.Write(chunk); return nil })
	addWorker(w, func(chunk []byte) *refusal.Refusal { second.Write(chunk); return nil })
	for _, chunk := range []string{"one ", "two ", "three"} {
		submit(w, []byte(chunk))
		if no := waitWorkers(w); no != nil {
			t.Fatal(no)
		}
	}
	stopWorkers(w)
	if first.String() != "one two three" || second.String() != "one two three" {
		t.Errorf("%q and %q", first.String(), second.String())
	}
}

func TestWorkersGiveTheFirstRefusal(t *testing.T) {
	judged, full := &refusal.Refusal{Code: "judged"}, &refusal.Refusal{Code: "full"}
	w := &workers{}
	defer stopWorkers(w)
	addWorker(w, func([]byte) *refusal.Refusal { time.Sleep(10 * time.Millisecond); return judged })
	addWorker(w, func([]byte) *refusal.Refusal { return full })
	submit(w, []byte("x"))
	if no := waitWorkers(w); no != judged {
		t.Errorf("got %+v", no)
	}
	if no := waitWorkers(w); no != nil {
		t.Errorf("nothing was given, and it says %+v", no)
	}
}

func TestWorkersAnswerForAPanic(t *testing.T) {
	w := &workers{}
	defer stopWorkers(w)
	addWorker(w, func(chunk []byte) *refusal.Refusal { return &refusal.Refusal{Code: string(chunk[3:])} })
	submit(w, nil)
	if no := waitWorkers(w); no == nil || no.Code != "internal" {
		t.Fatalf("got %+v", no)
	}
	submit(w, []byte("123code"))
	if no := waitWorkers(w); no == nil || no.Code != "code" {
		t.Errorf("after the panic: %+v", no)
	}
}

func TestWorkersLeaveNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := 0; i < 100; i++ {
		w := &workers{}
		addWorker(w, func([]byte) *refusal.Refusal { return nil })
		addWorker(w, func([]byte) *refusal.Refusal { panic("a mistake") })
		if i%2 == 0 {
			submit(w, []byte("x"))
		}
		stopWorkers(w)
		stopWorkers(w)
	}
	// A goroutine is counted for a moment after its last statement.
	for i := 0; i < 1000 && runtime.NumGoroutine() > before; i++ {
		time.Sleep(time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
