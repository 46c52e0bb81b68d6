package content

import (
	"bytes"

	"github.com/casegate/casegate/middleware/refusal"
)

// vbaProject is the name of the stream that every VBA project has, as the directory of a compound file writes it.
var vbaProject = []byte("_\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T\x00")

// searchOLE looks for installers and macros in a part of a compound file (legacy Office, Outlook, FlashPix).
func (n *Inspection) searchOLE(data []byte) *refusal.Refusal {
	if installs(data) {
		return executable(n.name, "an installer (MSI)")
	}
	if n.settings.ActiveContent == Refuse && bytes.Contains(data, vbaProject) {
		return refusal.New("active_content", n.name+" holds macros: save it without them")
	}
	return nil
}
