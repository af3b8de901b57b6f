package handlers

import "time"

// ConsoleRoute is a route of the console, as the table has it.
type ConsoleRoute struct {
	Method, Path string
	// Operators is true if only they may use it.
	Operators bool
}

// ConsoleRoutes lists the pages and forms of the console from the table of routes.
func ConsoleRoutes() (list []ConsoleRoute) {
	for _, r := range newAPI(Parts{Now: time.Now}).table {
		if r.isPage {
			list = append(list, ConsoleRoute{r.method, r.path, r.access == operator})
		}
	}
	return list
}
