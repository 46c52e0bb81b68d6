package middleware

import (
	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/refusal"
)

// workers take a large file chunk by chunk: each does one thing with every chunk in a goroutine of its own, while the
// next chunk is read. The goroutines last as long as the file is read, so that a chunk costs no more than two channel
// operations for each of them. Workers belong to one upload.
type workers struct {
	all  []*worker
	busy bool // A chunk was submitted and has not been waited for.
}

// worker is what one of them does, and how it is told.
type worker struct {
	do     func(chunk []byte) *refusal.Refusal
	chunks chan []byte
	done   chan *refusal.Refusal
}

// startWorkers lets workers judge the file, and hash it where that is asked for. Where the file is held on disk they also
// write it there. closeUpload stops all that have been started.
func startWorkers(u *upload) {
	w := &workers{}
	u.workers = w
	inspection := u.inspection
	addWorker(w, func(chunk []byte) *refusal.Refusal { return content.Write(inspection, chunk) })
	h := u.held
	if u.flow == nil {
		addWorker(w, func(chunk []byte) *refusal.Refusal {
			no := holdFurther(h, chunk)
			if no != nil {
				// Whoever reads learns it after the next chunk, and others wait for the room.
				closeHeld(h)
			}
			return no
		})
	}
	if h.digest != nil {
		addWorker(w, func(chunk []byte) *refusal.Refusal {
			_, _ = h.digest.Write(chunk)
			return nil
		})
	}
}

// addWorker starts a worker, which stopWorkers ends. Where several refuse, the first that was added has the word.
func addWorker(w *workers, do func(chunk []byte) *refusal.Refusal) {
	one := &worker{do: do, chunks: make(chan []byte, 1), done: make(chan *refusal.Refusal, 1)}
	w.all = append(w.all, one)
	go runWorker(one)
}

// runWorker works until there is no more to come. Both channels have room for one, so that nobody is left waiting.
func runWorker(one *worker) {
	for chunk := range one.chunks {
		one.done <- doSafely(one, chunk)
	}
}

// doSafely works on one chunk. A panic in a goroutine of ours would end the gateway: it refuses instead.
func doSafely(one *worker, chunk []byte) (no *refusal.Refusal) {
	defer func() {
		if recovered := recover(); recovered != nil {
			no = internal(recovered)
		}
	}()
	return one.do(chunk)
}

// submit hands all workers the next chunk, which stays as it is until waitWorkers returns. The one before has been waited
// for.
func submit(w *workers, chunk []byte) {
	w.busy = true
	for _, one := range w.all {
		one.chunks <- chunk
	}
}

// waitWorkers waits until all are done with the last chunk, and gives the first refusal.
func waitWorkers(w *workers) *refusal.Refusal {
	if !w.busy {
		return nil
	}
	var first *refusal.Refusal
	for _, one := range w.all {
		no := <-one.done
		if first == nil {
			first = no
		}
	}
	w.busy = false
	return first
}

// stopWorkers ends the workers. It may be called twice.
func stopWorkers(w *workers) {
	_ = waitWorkers(w)
	for _, one := range w.all {
		close(one.chunks)
	}
	w.all = nil
}
