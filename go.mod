module github.com/casegate/casegate

go 1.22

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/h2non/filetype v1.1.3
	go.yaml.in/yaml/v3 v3.0.6
)
