package middleware

// Version is the version of casegate, as in CHANGELOG.md.
const Version = "0.1.0"
