package middleware

import (
	"runtime"
	"sync/atomic"
)

// Every upload goes through the process's lanes one after the other; package lane says why. There are half as many of each
// kind as processors, because they do what needs a processor alone and an upload is in one of them at a time, and they stay
// when there is nothing to do. Whoever waits for a lane waits on the upload's done.
var (
	admissions = make(chan *upload) // admitUploads: what headers decide.
	deliveries = make(chan *upload) // deliverUploads: small forms, and the request that Kibana receives.
)

// lanesRun is 1 when they run.
var lanesRun int64

// maxLanes bounds the lanes of each kind on large machines.
const maxLanes = 16

// startLanes starts the lanes unless they run. They belong to the process: however many gates are made, there is one set.
func startLanes() {
	if !atomic.CompareAndSwapInt64(&lanesRun, 0, 1) {
		return
	}
	count := (runtime.GOMAXPROCS(0) + 1) / 2
	if count > maxLanes {
		count = maxLanes
	}
	for i := 0; i < count; i++ {
		go admitUploads()
		go deliverUploads()
	}
	go recordUploads()
}
