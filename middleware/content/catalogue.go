package content

import "github.com/h2non/filetype/matchers"

// How a row's content is known.
const (
	// bySignature: one of the row's magic prefixes stands at the start, and its matcher, where it has one, agrees.
	bySignature = iota
	// byText: the bytes are text from the first to the last, and the row's matcher, where it has one, agrees.
	byText
	// byInspection: the inspection of the held file alone decides.
	byInspection
	// byNothing: no public signature is known. The content must not be recognised as another type.
	byNothing
)

// Which structure behind the signature is checked: dimensions, and the place where the file ends.
const (
	shapeNone = iota
	shapePNG
	shapeJPEG
	shapeGIF
	shapeWebP
	shapeBMP
	shapeTIFF
	shapeOLE
)

// row is one type of the catalogue.
type row struct {
	mime string
	// extensions are those of types that Kibana's list does not hold, as the mime-types library looks them up. The generated
	// table has the others.
	extensions []string
	known      int
	// magic are the prefixes that the content begins with, any of them. Empty: the matcher alone decides.
	magic []string
	// match looks at the first headSize bytes.
	match func(head []byte) bool
	// weak signatures are too short to recognise a file by that has another name.
	weak bool
	// shape, end and look are what is checked behind the signature.
	shape int
	end   []byte
	look  int
	// archive says that Settings.Archives applies.
	archive bool
	streams bool
}

var (
	endPNG  = []byte("IEND\xaeB`\x82")
	endJPEG = []byte("\xff\xd9")
	endPDF  = []byte("%%EOF")
)

const (
	magicZIP = "PK\x03\x04"
	magicOLE = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

	boxJP2 = "\x00\x00\x00\x0cjP  \r\n\x87\n"
)

// catalogue holds every type that can be allowed. Rows that come first are recognised first.
var catalogue = []row{
	// Images of Kibana's list that have a public signature.
	{mime: "image/png", match: isPNG, shape: shapePNG, end: endPNG, streams: true},
	{mime: "image/apng", match: isPNG, shape: shapePNG, end: endPNG, streams: true},
	{mime: "image/vnd.mozilla.apng", match: isPNG, shape: shapePNG, end: endPNG, streams: true},
	{mime: "image/jpeg", match: matchers.Jpeg, shape: shapeJPEG, end: endJPEG, streams: true},
	{mime: "image/webp", match: isWebP, shape: shapeWebP, streams: true},
	{mime: "image/bmp", match: isBMP, shape: shapeBMP, streams: true},
	// TIFF may have its directory, and so its dimensions, at the very end: it is judged when it is held.
	{mime: "image/tiff", match: isTIFF, shape: shapeTIFF},
	{mime: "image/tiff-fx", match: isTIFF, shape: shapeTIFF},
	{mime: "image/vnd.xiff", match: isTIFF, shape: shapeTIFF},
	{mime: "image/vnd.microsoft.icon", match: isICO, streams: true},
	{mime: "image/vnd.adobe.photoshop", match: isPSD, streams: true},
	{mime: "image/vnd.dwg", match: isDWG, streams: true},
	{mime: "image/vnd.dxf", match: isDXF, streams: true},
	{mime: "image/avif", match: isAVIF, streams: true},
	{mime: "image/heic", match: isHEIC, streams: true},
	{mime: "image/heic-sequence", match: isHEICSequence, streams: true},
	{mime: "image/heif", match: isHEIF, streams: true},
	{mime: "image/heif-sequence", match: isHEIFSequence, streams: true},
	{mime: "image/avci", match: isAVCI, streams: true},
	{mime: "image/avcs", match: isAVCS, streams: true},
	{mime: "image/hej2k", match: isHEJ2, streams: true},
	{mime: "image/hsj2", match: isHSJ2, streams: true},
	{mime: "image/jxsi", match: isJXSI, streams: true},
	{mime: "image/jxss", match: isJXSS, streams: true},
	{mime: "image/jp2", match: isJP2, streams: true},
	{mime: "image/jpx", match: isJPX, streams: true},
	{mime: "image/jpm", match: isJPM, streams: true},
	{mime: "image/jph", match: isJPH, streams: true},
	{mime: "image/jphc", magic: []string{"\xff\x4f\xff\x51"}, streams: true},
	{mime: "image/jls", match: isJLS, end: endJPEG, streams: true},
	{mime: "image/jxr", magic: []string{"II\xbc\x00", "II\xbc\x01"}, match: matchers.Jxr, streams: true},
	{mime: "image/jxrA", magic: []string{"II\xbc\x00", "II\xbc\x01"}, match: matchers.Jxr, streams: true},
	{mime: "image/jxrS", magic: []string{"II\xbc\x00", "II\xbc\x01"}, match: matchers.Jxr, streams: true},
	{mime: "image/jxs", magic: []string{"\x00\x00\x00\x0cJXS \r\n\x87\n"}, streams: true},
	{mime: "image/jxsc", magic: []string{"\xff\x10\xff\x50"}, streams: true},
	{mime: "image/aces", magic: []string{"\x76\x2f\x31\x01\x02"}, streams: true},
	{mime: "image/fits", match: isFITS, streams: true},
	{mime: "image/ktx", magic: []string{"\xabKTX 11\xbb\r\n\x1a\n"}, streams: true},
	{mime: "image/ktx2", magic: []string{"\xabKTX 20\xbb\r\n\x1a\n"}, streams: true},
	{mime: "image/vnd.djvu", match: isDjVu, streams: true},
	{mime: "image/emf", match: isEMF, streams: true},
	{mime: "image/wmf", magic: []string{"\xd7\xcd\xc6\x9a\x00\x00", "\x01\x00\x09\x00\x00\x03", "\x02\x00\x09\x00\x00\x03"}, streams: true},
	{mime: "image/dpx", magic: []string{"SDPX", "XPDS"}, streams: true},
	{mime: "image/vnd.valve.source.texture", magic: []string{"VTF\x00"}, streams: true},
	{mime: "image/vnd.ms-modi", magic: []string{"EP*\x00"}, streams: true},
	{mime: "image/vnd.pco.b16", magic: []string{"PCO-"}, streams: true},
	{mime: "image/vnd.radiance", magic: []string{"#?RADIANCE\n", "#?RGBE\n"}, streams: true},
	{mime: "image/vnd.fpx", magic: []string{magicOLE}, shape: shapeOLE},
	{mime: "image/vnd.net-fpx", magic: []string{magicOLE}, shape: shapeOLE},
	{mime: "image/vnd.mix", magic: []string{magicOLE}, shape: shapeOLE},
	{mime: "image/pwg-raster", magic: []string{"RaS2PwgRaster"}, streams: true},
	{mime: "image/dicom-rle", match: isDICOMRLE, weak: true, streams: true},
	{mime: "image/vnd.zbrush.pcx", match: isPCX, weak: true, streams: true},
	{mime: "image/vnd.wap.wbmp", match: isWBMP, weak: true, streams: true},
	{mime: "image/cgm", match: isCGM, weak: true, streams: true},
	{mime: "image/svg+xml", known: byInspection, look: lookSVG},

	// Images of Kibana's list without a signature that is known to the public.
	{mime: "image/example", known: byNothing, streams: true},
	{mime: "image/g3fax", known: byNothing, streams: true},
	{mime: "image/naplps", known: byNothing, streams: true},
	{mime: "image/prs.btif", known: byNothing, streams: true},
	{mime: "image/prs.pti", known: byNothing, streams: true},
	{mime: "image/t38", known: byNothing, streams: true},
	{mime: "image/vnd.airzip.accelerator.azv", known: byNothing, streams: true},
	{mime: "image/vnd.cns.inf2", known: byNothing, streams: true},
	{mime: "image/vnd.dece.graphic", known: byNothing, streams: true},
	{mime: "image/vnd.dvb.subtitle", known: byNothing, streams: true},
	{mime: "image/vnd.fastbidsheet", known: byNothing, streams: true},
	{mime: "image/vnd.fst", known: byNothing, streams: true},
	{mime: "image/vnd.fujixerox.edmics-mmr", known: byNothing, streams: true},
	{mime: "image/vnd.fujixerox.edmics-rlc", known: byNothing, streams: true},
	{mime: "image/vnd.globalgraphics.pgb", known: byNothing, streams: true},
	{mime: "image/vnd.sealed.png", known: byNothing, streams: true},
	{mime: "image/vnd.sealedmedia.softseal.gif", known: byNothing, streams: true},
	{mime: "image/vnd.sealedmedia.softseal.jpg", known: byNothing, streams: true},
	{mime: "image/vnd.svf", known: byNothing, streams: true},
	{mime: "image/vnd.tencent.tap", known: byNothing, streams: true},

	// Documents and archives of Kibana's list.
	{mime: "application/pdf", match: isPDF, end: endPDF, look: lookPDF, streams: true},
	{mime: "application/zip", match: isZIP, look: lookZIP, archive: true},
	{mime: "application/x-zip-compressed", match: isZIP, look: lookZIP, archive: true},
	{mime: "application/gzip", magic: []string{"\x1f\x8b\x08"}, look: lookGzip, archive: true},
	{mime: "application/x-bzip2", match: isBzip2, look: lookBzip2, archive: true},
	{mime: "application/x-bzip", match: isBzip, look: lookBzip2, archive: true},
	{mime: "application/x-7z-compressed", magic: []string{"7z\xbc\xaf\x27\x1c"}, archive: true},
	{mime: "application/x-tar", match: isTar, look: lookTar, archive: true},

	// Text of Kibana's list.
	{mime: "text/plain", known: byText, streams: true},
	{mime: "text/csv", known: byText, streams: true},
	{mime: "application/json", known: byText, match: isJSON, weak: true, streams: true},
	{mime: "text/json", known: byText, match: isJSON, weak: true, streams: true},

	// What operators allow beside Kibana's list.
	{mime: "image/gif", extensions: []string{"gif"}, match: isGIF, shape: shapeGIF, streams: true},
	{mime: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", extensions: []string{"docx"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.openxmlformats-officedocument.wordprocessingml.template", extensions: []string{"dotx"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", extensions: []string{"xlsx"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.openxmlformats-officedocument.spreadsheetml.template", extensions: []string{"xltx"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.openxmlformats-officedocument.presentationml.presentation", extensions: []string{"pptx"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.openxmlformats-officedocument.presentationml.template", extensions: []string{"potx"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.openxmlformats-officedocument.presentationml.slideshow", extensions: []string{"ppsx"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-word.document.macroenabled.12", extensions: []string{"docm"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-word.template.macroenabled.12", extensions: []string{"dotm"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-excel.sheet.macroenabled.12", extensions: []string{"xlsm"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-excel.template.macroenabled.12", extensions: []string{"xltm"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-excel.sheet.binary.macroenabled.12", extensions: []string{"xlsb"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-powerpoint.presentation.macroenabled.12", extensions: []string{"pptm"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-powerpoint.slideshow.macroenabled.12", extensions: []string{"ppsm"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.ms-powerpoint.template.macroenabled.12", extensions: []string{"potm"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.oasis.opendocument.text", extensions: []string{"odt"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.oasis.opendocument.text-template", extensions: []string{"ott"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.oasis.opendocument.spreadsheet", extensions: []string{"ods"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.oasis.opendocument.spreadsheet-template", extensions: []string{"ots"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.oasis.opendocument.presentation", extensions: []string{"odp"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.oasis.opendocument.presentation-template", extensions: []string{"otp"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/vnd.oasis.opendocument.graphics", extensions: []string{"odg"}, magic: []string{magicZIP}, look: lookOffice},
	{mime: "application/msword", extensions: []string{"doc", "dot"}, magic: []string{magicOLE}, shape: shapeOLE},
	{mime: "application/vnd.ms-excel", extensions: []string{"xla", "xlc", "xlm", "xls", "xlt", "xlw"}, magic: []string{magicOLE}, shape: shapeOLE},
	{mime: "application/vnd.ms-powerpoint", extensions: []string{"pot", "pps", "ppt"}, magic: []string{magicOLE}, shape: shapeOLE},
	{mime: "application/vnd.ms-outlook", extensions: []string{"msg"}, magic: []string{magicOLE}, shape: shapeOLE},
	{mime: "message/rfc822", extensions: []string{"eml", "mime"}, known: byText, match: isMail, weak: true, streams: true},
	{mime: "application/rtf", extensions: []string{"rtf"}, magic: []string{"{\\rtf"}, streams: true},
	{mime: "application/xml", extensions: []string{"rng", "xml", "xsd", "xsl"}, known: byText, match: isXML, weak: true, streams: true},
	{mime: "text/yaml", extensions: []string{"yaml", "yml"}, known: byText, weak: true, streams: true},
	{mime: "text/markdown", extensions: []string{"markdown", "md"}, known: byText, weak: true, streams: true},
	{mime: "text/tab-separated-values", extensions: []string{"tsv"}, known: byText, weak: true, streams: true},
	{mime: "text/html", extensions: []string{"htm", "html", "shtml"}, known: byText, match: isHTML, streams: true},
	{mime: "application/vnd.tcpdump.pcap", extensions: []string{"cap", "dmp", "pcap"}, match: isPCAP, streams: true},
	{mime: "video/mp4", extensions: []string{"mp4", "mp4v", "mpg4"}, match: isMP4, streams: true},
	{mime: "video/quicktime", extensions: []string{"mov", "qt"}, match: isQuickTime, streams: true},
	{mime: "video/webm", extensions: []string{"webm"}, match: matchers.Webm, streams: true},
	{mime: "audio/wave", extensions: []string{"wav"}, match: matchers.Wav, streams: true},
	{mime: "audio/x-flac", extensions: []string{"flac"}, match: matchers.Flac, streams: true},
	{mime: "audio/ogg", extensions: []string{"oga", "ogg", "opus", "spx"}, match: matchers.Ogg, streams: true},
}
