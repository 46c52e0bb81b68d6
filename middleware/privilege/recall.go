package privilege

import "github.com/casegate/casegate/middleware/lane"

// Question is what a lane of Recall is asked: may the caller attach to the case?
type Question struct {
	Rights *Rights
	Case   *Case
	// Owner is the owner of the case, where it is known. Otherwise Lookup may remember it; Owner stays empty when it
	// does not.
	Owner  string
	Lookup *Lookup
	Now    int64 // Unix nanoseconds.
	// Granted is the answer; false when the owner is not known. Any says that the caller could attach to some case of the
	// space.
	Granted bool
	Any     bool
}

// Recall finds the owners of cases that were looked up before, and says whether callers may attach to their cases: that is
// the way of nearly every upload. Whoever asks counts the owners that were remembered, in Remembered.
func Recall(l *lane.Lane, q *Question) {
	defer lane.End(l)
	var (
		memories *Lookup
		entry    *memory
		key      string
		owners   int
	)
	for ; <-l.Go; l.Done <- true {
		q.Granted = false
		owners = q.Rights.everywhere | q.Rights.in[q.Case.Space]
		q.Any = owners != 0
		memories = q.Lookup
		if q.Owner == "" && memories != nil {
			key = q.Case.Space + "/" + q.Case.ID
			memories.lock <- true
			entry = memories.young[key]
			if entry == nil {
				entry = memories.old[key]
			}
			<-memories.lock
			// An end too far away is that of a clock which ran ahead.
			if entry == nil || q.Now >= entry.until || entry.until-q.Now > int64(memories.ttl) {
				continue
			}
			q.Owner = entry.owner
		}
		q.Granted = owners&ownerBits[q.Owner] != 0
	}
}

// recall takes the step of Recall once, for the owner alone.
func recall(memories *Lookup, c *Case) string {
	q := &Question{Rights: &Rights{}, Case: c, Lookup: memories, Now: memories.now().UnixNano()}
	once := lane.Once()
	Recall(once, q)
	lane.Result(once)
	if q.Owner != "" {
		Remembered.Add(1)
	}
	return q.Owner
}
