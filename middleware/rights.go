package middleware

import (
	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/token"
)

// person is what follows from a caller's claims.
type person struct {
	rights *privilege.Rights
	// What the audit events say of the caller.
	authentication string
	user           audit.User
}

// people remembers what follows from callers' claims, as long as the token's own cache remembers the caller: working
// through the claims is interpreted work, and the same token comes again and again.
type people struct {
	lock  chan bool // See package lane.
	known map[*token.Caller]*person
}

// maxPeople bounds the memory. Only verified tokens enter it; when it is full it starts again.
const maxPeople = 1024

func newPeople() *people {
	return &people{lock: make(chan bool, 1), known: map[*token.Caller]*person{}}
}

// meet works out what the caller may do and is recorded as, and remembers it.
func meet(g *Gate, caller *token.Caller) *person {
	who := &person{authentication: "token"}
	if caller.PassedOn {
		who.authentication = "kibana"
	} else {
		who.rights = g.judge.Rights(caller.Claims)
		describeCaller(who, caller)
	}
	p := g.people
	p.lock <- true
	if len(p.known) >= maxPeople {
		p.known = map[*token.Caller]*person{}
	}
	p.known[caller] = who
	<-p.lock
	return who
}

// describeCaller takes from the claims what the audit events say.
func describeCaller(who *person, caller *token.Caller) {
	subject, _ := caller.Claims["sub"].(string)
	list, _ := caller.Claims["roles"].([]any)
	var roles []string
	for _, element := range list {
		role, ok := element.(string)
		if ok {
			roles = append(roles, role)
		}
	}
	who.user = audit.User{Name: caller.User, ID: subject, Roles: roles}
}
