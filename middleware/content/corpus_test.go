package content

import (
	"testing"
	"time"

	"github.com/casegate/casegate/internal/corpus"
)

// The same runs interpreted in e2e/exchanges, over less.
const (
	corpusPerType  = 300
	corpusFileSize = 4 << 20
	corpusTime     = time.Minute
)

// judged gives the code of a refusal, and what it says.
func judged(i *Inspector) func(name string, data []byte) (code, detail string) {
	return func(name string, data []byte) (code, detail string) {
		no := judge(i, name, data, true, func() int { return 256 << 10 })
		if no == nil {
			return "", ""
		}
		return no.Code, no.Message + " " + no.Detail
	}
}

func TestCorpusPasses(t *testing.T) {
	bounds := corpus.Bounds{PerKind: corpusPerType, Size: corpusFileSize, Time: corpusTime}
	result, err := corpus.Genuine(bounds, judged(New(everything())))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(result)
	for _, wrong := range result.Wrong {
		t.Error(wrong)
	}
	if result.Tried < 500 {
		t.Errorf("only %d files were tried", result.Tried)
	}
}

func TestCorpusOfProgramsIsRefused(t *testing.T) {
	bounds := corpus.Bounds{PerKind: 4 * corpusPerType, Size: corpusFileSize, Time: corpusTime}
	result, err := corpus.Programs(bounds, disguises, judged(New(everything())))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(result)
	for _, wrong := range result.Wrong {
		t.Error(wrong)
	}
	if result.Tried < 5 {
		t.Errorf("only %d programs were tried", result.Tried)
	}
}
