// Package lane lets one goroutine do one step of many uploads, one after another.
//
// Interpreted, a call makes anew every variable and every intermediate value that the function could need, and that costs
// several times what the function does with them: a call of 25 steps takes 1.5 µs, the same steps in a loop a quarter of
// one. So a step that every upload takes is written as the body of a loop
//
//	defer lane.End(l)
//	for ; <-l.Go; l.Done <- true {
//	}
//
// whose goroutine lives on, and which finds what it is to do, and leaves what it found, in a structure of its own. A
// lane does what needs the processor alone. Who has to wait, for a client, for Kibana or for keys, does it elsewhere.
//
// What lanes share is locked by a channel with room for one: who holds the lock has put something in. That costs the
// interpreter a third of what a sync.Mutex does, which is two calls of compiled code.
package lane

// Lane is the line between the goroutine that asks and the one that does the step.
type Lane struct {
	// Go says that there is something to do. To close it ends the lane.
	Go chan bool
	// Done says that it is done. It is closed, and gives false, when the step has panicked.
	Done chan bool
	// Panicked is the value of that panic.
	Panicked any
}

// New makes the line of a lane that somebody starts.
func New() *Lane {
	return &Lane{Go: make(chan bool, 1), Done: make(chan bool, 1)}
}

// Once is for a single step in the caller's own goroutine: the loop comes round once and returns. Ask for Result then.
func Once() *Lane {
	l := New()
	l.Go <- true
	close(l.Go)
	return l
}

// End is what a lane defers: its panic goes to who waits for it, and not to the process, which it would end.
func End(l *Lane) {
	recovered := recover()
	if recovered != nil {
		l.Panicked = recovered
	}
	close(l.Done)
}

// Result goes on with the panic of a step that was taken once, if it has panicked.
func Result(l *Lane) {
	if !<-l.Done {
		panic(l.Panicked)
	}
}
