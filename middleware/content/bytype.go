package content

import (
	"strconv"

	"github.com/casegate/casegate/middleware/refusal"
)

// ByType gives an allowed type by its MIME type, for files that come without a name; or type_not_allowed.
func (i *Inspector) ByType(mime string) (*Type, *refusal.Refusal) {
	for _, extension := range i.Extensions() {
		t := i.types[extension]
		if t.MIME == mime {
			return t, nil
		}
	}
	return nil, refusal.New("type_not_allowed", strconv.QuoteToASCII(mime)+" is no allowed type: attach a file of an allowed type instead")
}
