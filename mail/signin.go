package mail

import "time"

// The languages of mails to customers.
const (
	English    = "en"
	Vietnamese = "vi"
)

// SignIn writes the mail with a link to sign in to the dashboard. registers says that the link makes an account.
func SignIn(to, link, id, language string, registers bool, at, until time.Time) Message {
	write := signInEnglish
	if language == Vietnamese {
		write = signInVietnamese
	}
	t := write(to, link, registers, until)
	return Message{ID: id, To: to, Subject: t.subject, Text: t.body(), At: at}
}

func signInEnglish(to, link string, registers bool, until time.Time) *text {
	t := &text{subject: "Your link to sign in"}
	if registers {
		t.subject = "Confirm your e-mail address"
		t.sayf("Somebody, probably you, wants to make an account with this e-mail address.")
	} else {
		t.sayf("Somebody, probably you, wants to sign in to the dashboard.")
	}
	t.facts("Account", to)
	t.sayf("Open this link in the browser in which you asked for it, and press the button there. The link works once, until %s:", moment(until))
	t.parts = append(t.parts, link)
	if registers {
		t.sayf("If you did not ask for it, you need not do anything: no account is made. Do not pass this mail on.")
	} else {
		t.sayf("If you did not ask for it, you need not do anything: nobody can sign in without this link. Do not pass this mail on.")
	}
	return t
}

func signInVietnamese(to, link string, registers bool, until time.Time) *text {
	t := &text{subject: "Liên kết đăng nhập của bạn"}
	if registers {
		t.subject = "Xác nhận địa chỉ email của bạn"
		t.sayf("Có người, có lẽ là bạn, muốn tạo tài khoản bằng địa chỉ email này.")
	} else {
		t.sayf("Có người, có lẽ là bạn, muốn đăng nhập vào bảng điều khiển.")
	}
	t.facts("Tài khoản", to)
	t.sayf("Hãy mở liên kết này trong chính trình duyệt mà bạn đã dùng để yêu cầu, rồi bấm nút ở đó. Liên kết chỉ dùng được một lần, đến %s:", until.UTC().Format("15:04 UTC, 02/01/2006"))
	t.parts = append(t.parts, link)
	if registers {
		t.sayf("Nếu bạn không yêu cầu, bạn không cần làm gì: sẽ không có tài khoản nào được tạo. Đừng chuyển tiếp thư này.")
	} else {
		t.sayf("Nếu bạn không yêu cầu, bạn không cần làm gì: không ai đăng nhập được nếu không có liên kết này. Đừng chuyển tiếp thư này.")
	}
	return t
}
