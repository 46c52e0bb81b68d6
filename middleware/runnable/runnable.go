// Package runnable knows the names of files that run, or that install or start something, when somebody opens them on a
// desktop. The rules on titles and those on the members of archives share it.
package runnable

import (
	"path"
	"strings"
)

// extensions are in lower case, without the dot.
var extensions = map[string]bool{
	"ade": true, "adp": true, "apk": true, "app": true, "appimage": true, "application": true,
	"appref-ms": true, "appx": true, "appxbundle": true, "bash": true, "bat": true, "chm": true, "class": true,
	"cmd": true, "com": true, "command": true, "cpl": true, "csh": true, "deb": true, "desktop": true,
	"diagcab": true, "dll": true, "dmg": true, "exe": true, "gadget": true, "hta": true, "img": true,
	"inf": true, "iso": true, "jar": true, "jnlp": true, "js": true, "jse": true, "ksh": true,
	"library-ms": true, "lnk": true, "mjs": true, "mpkg": true, "msc": true, "msh": true, "msh1": true,
	"msi": true, "msix": true, "msixbundle": true, "msp": true, "mst": true, "ocx": true, "osx": true,
	"pif": true, "pkg": true, "ppkg": true, "ps1": true, "ps1xml": true, "psc1": true, "psd1": true,
	"psm1": true, "pyw": true, "pyz": true, "pyzw": true, "reg": true, "rpm": true, "run": true, "scf": true,
	"scpt": true, "scr": true, "sct": true, "search-ms": true, "settingcontent-ms": true, "sh": true,
	"shb": true, "sys": true, "terminal": true, "theme": true, "url": true, "vb": true, "vbe": true,
	"vbs": true, "vhd": true, "vhdx": true, "website": true, "wll": true, "workflow": true, "ws": true,
	"wsc": true, "wsf": true, "wsh": true, "xap": true, "xbap": true, "xll": true, "zsh": true,
}

// Extension gives the extension by which a file of this name runs, in lower case and without the dot, or "". The name
// may hold a path. Windows drops dots and blanks at its end, and takes what follows a colon for a stream of the file
// before it, so both readings count.
func Extension(name string) string {
	if found := last(name); found != "" || strings.IndexByte(name, ':') < 0 {
		return found
	}
	file, _, streamed := strings.Cut(path.Base(strings.ReplaceAll(name, `\`, "/")), ":")
	if !streamed {
		return ""
	}
	return last(file)
}

func last(name string) string {
	extension := path.Ext(strings.TrimRight(name, ". "))
	if len(extension) < 2 {
		return ""
	}
	extension = strings.ToLower(extension[1:])
	if !extensions[extension] {
		return ""
	}
	return extension
}
