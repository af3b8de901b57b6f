package mail

import "strings"

// Brand is how the product shows itself in mails to customers. An empty field is one that was not set.
type Brand struct {
	// Name is the product's.
	Name string
	// Help are the addresses where customers get help: an e-mail address, a page.
	Help []string
}

// On puts the brand on a mail to a customer: the name is its sender and begins its subject, and the
// signature says where to get help.
func (b Brand) On(m Message) Message {
	var signature []string
	if name := oneLine(b.Name); name != "" {
		m.FromName, m.Subject = name, name+": "+m.Subject
		signature = append(signature, name)
	}
	for _, address := range b.Help {
		if line := oneLine(address); line != "" {
			signature = append(signature, line)
		}
	}
	if len(signature) > 0 {
		m.Text += "\n-- \n" + strings.Join(signature, "\n") + "\n"
	}
	return m
}
