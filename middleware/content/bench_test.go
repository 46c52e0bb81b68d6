package content

import "testing"

func BenchmarkInspection(b *testing.B) {
	i := New(everything())
	for _, s := range []sample{
		{"png", "a.png", makePNG(200, 200), ""},
		{"jpeg", "a.jpg", makeJPEG(100, 100), ""},
		{"pdf", "a.pdf", samplePDF(), ""},
		{"log of 10 KiB", "a.log", logLines(128), ""},
		{"json of 10 KiB", "a.json", "{\"a\":\"" + logLines(128) + "\"}", ""},
		{"log of 8 MiB", "a.log", logLines(105000), ""},
		{"noise of 8 MiB in a pdf", "a.pdf", "%PDF-1.7\n" + someNoise(8<<20), ""},
	} {
		b.Run(s.name, func(b *testing.B) {
			data := []byte(s.data)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for k := 0; k < b.N; k++ {
				kind, _ := ByName(i, s.file)
				n := i.Open(kind, s.file)
				for rest := data; len(rest) > 0; {
					size := least(len(rest), 256<<10)
					if no := Write(n, rest[:size]); no != nil {
						b.Fatal(no)
					}
					rest = rest[size:]
				}
				if no := n.Finish(nil, int64(len(data))); no != nil {
					b.Fatal(no)
				}
			}
		})
	}
}
