package content

import (
	"strconv"

	"github.com/casegate/casegate/middleware/refusal"
)

// ByType gives an allowed type by its MIME type, for files that come without a name; or type_not_allowed.
func (i *Inspector) ByType(mime string) (*Type, *refusal.Refusal) {
	if t := i.byType[mime]; t != nil {
		return t, nil
	}
	return nil, refusal.New("type_not_allowed", strconv.QuoteToASCII(mime)+" is no allowed type: attach a file of an allowed type instead")
}
