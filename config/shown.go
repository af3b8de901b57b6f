package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Setting is a setting as it may be shown.
type Setting struct{ Name, Value string }

// Shown is the configuration as the console may show it: what may hold a
// password is masked. The fields of a Config are in the order of the settings.
func (c *Config) Shown() []Setting {
	fields := reflect.ValueOf(*c)
	list := make([]Setting, 0, len(settings))
	for i := range min(len(settings), fields.NumField()) {
		value := fmt.Sprint(fields.Field(i).Interface())
		if fields.Field(i).Kind() == reflect.String && strings.Contains(value, "://") {
			value = NewSecretURL(value).String()
		}
		list = append(list, Setting{Name: settings[i].name, Value: strings.Trim(value, "[]")})
	}
	return list
}
