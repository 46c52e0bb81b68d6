package middleware

import (
	"sync"

	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/token"
)

// rightsCache remembers what a caller's claims give, as long as the token's own cache remembers the caller: working
// through the claims is interpreted work, and the same token comes again and again.
type rightsCache struct {
	mutex sync.Mutex
	known map[*token.Caller]*privilege.Rights
}

// maxRights bounds the cache. Only verified tokens enter it; when it is full it starts again.
const maxRights = 1024

func newRightsCache() *rightsCache {
	return &rightsCache{known: map[*token.Caller]*privilege.Rights{}}
}

// rightsOf gives what the caller may do.
func rightsOf(g *Gate, caller *token.Caller) *privilege.Rights {
	c := g.rights
	c.mutex.Lock()
	rights, ok := c.known[caller]
	c.mutex.Unlock()
	if ok {
		return rights
	}
	return learnRights(g, caller)
}

func learnRights(g *Gate, caller *token.Caller) *privilege.Rights {
	rights := g.judge.Rights(caller.Claims)
	c := g.rights
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.known) >= maxRights {
		c.known = map[*token.Caller]*privilege.Rights{}
	}
	c.known[caller] = rights
	return rights
}
