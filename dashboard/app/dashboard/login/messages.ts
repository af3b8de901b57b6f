import type { Language } from '@/app/lib/i18n';

/* The ways to sign in without a key, in both languages. The server renders them, so they stay there. */

const en = {
  titleWithAccount: 'Sign in or create an account',
  mail: {
    lead: 'We send you a link that signs you in. There is no password.',
    leadWithAccount: 'We send you a link that signs you in. If you do not have an account yet, the same link creates one.',
    label: 'E-mail address',
    submit: 'Send sign-in link',
    working: 'Sending',
    invalid: 'Enter an e-mail address such as name@example.com.',
    unavailable: 'Sign-in by e-mail is not available at the moment',
    unavailableHint: 'Sign in another way, or try again later.',
  },
  sent: {
    title: 'Check your mailbox',
    lead: 'If the address can sign in, a link is on its way.',
    leadTo: 'If {email} can sign in, a link is on its way.',
    use: 'Open it in this browser within 15 minutes. It works once.',
    noneTitle: 'No mail after a few minutes?',
    none: [
      'Look in the folder for spam.',
      'Check that the address is spelled correctly and is the one of your account.',
      'Ask for another link. At most three are sent to an address in an hour, and only the newest works.',
    ],
    again: 'Ask for another link',
  },
  openid: {
    submit: 'Sign in with OpenID Connect',
    leaving: 'Continue to the sign-in',
    accounts: 'If you do not have an account yet, your first sign-in creates one.',
  },
  or: 'or',
  key: 'or with an API key',
  stay: 'This browser stays signed in for up to 30 days. After 7 days without a visit you sign in again.',
  link: {
    title: 'Finish signing in',
    lead: 'Press the button, and this browser is signed in.',
    submit: 'Sign in',
    notYou: 'If you did not ask for this link, close this page. Nothing happens without the button.',
    again: 'Ask for another link',
  },
  reasons: {
    ended: 'Your sign-in has ended. Sign in again.',
    address: 'This is not an e-mail address. Enter one such as name@example.com.',
    limit: 'There were too many attempts. Try again in an hour or, to create an account, after 00:00 UTC.',
    link: 'This link does not work any more: it was used, it is older than 15 minutes, or there is a newer one. Ask for another link.',
    browser: 'A link works only in the browser that asked for it, and this is another one or too much time has passed. Open the link in that browser, or sign in again here.',
    account: 'This address cannot have an account here. Sign in another way, or contact support.',
    denied: 'You did not allow the sign-in at the provider. Try again, or sign in another way.',
    provider: 'The provider could not sign you in. Try again, or sign in another way.',
  },
};

export type SignInWords = typeof en;

const vi: SignInWords = {
  titleWithAccount: 'Đăng nhập hoặc tạo tài khoản',
  mail: {
    lead: 'Chúng tôi gửi cho bạn một liên kết để đăng nhập. Không cần mật khẩu.',
    leadWithAccount: 'Chúng tôi gửi cho bạn một liên kết để đăng nhập. Nếu bạn chưa có tài khoản, chính liên kết đó sẽ tạo tài khoản.',
    label: 'Địa chỉ email',
    submit: 'Gửi liên kết đăng nhập',
    working: 'Đang gửi',
    invalid: 'Hãy nhập địa chỉ email, ví dụ name@example.com.',
    unavailable: 'Hiện không đăng nhập bằng email được',
    unavailableHint: 'Hãy đăng nhập bằng cách khác, hoặc thử lại sau.',
  },
  sent: {
    title: 'Hãy kiểm tra hộp thư',
    lead: 'Nếu địa chỉ này đăng nhập được, liên kết đang được gửi đến.',
    leadTo: 'Nếu {email} đăng nhập được, liên kết đang được gửi đến.',
    use: 'Hãy mở liên kết trong trình duyệt này trong vòng 15 phút. Liên kết chỉ dùng được một lần.',
    noneTitle: 'Sau vài phút vẫn không có thư?',
    none: [
      'Hãy xem thư mục thư rác.',
      'Hãy kiểm tra xem địa chỉ có đúng chính tả và có phải của tài khoản của bạn không.',
      'Hãy yêu cầu liên kết khác. Mỗi giờ chỉ gửi tối đa ba liên kết đến một địa chỉ, và chỉ liên kết mới nhất dùng được.',
    ],
    again: 'Yêu cầu liên kết khác',
  },
  openid: {
    submit: 'Đăng nhập bằng OpenID Connect',
    leaving: 'Tiếp tục đến trang đăng nhập',
    accounts: 'Nếu bạn chưa có tài khoản, lần đăng nhập đầu tiên sẽ tạo tài khoản.',
  },
  or: 'hoặc',
  key: 'hoặc bằng khóa API',
  stay: 'Trình duyệt này được giữ đăng nhập tối đa 30 ngày. Sau 7 ngày không truy cập, bạn cần đăng nhập lại.',
  link: {
    title: 'Hoàn tất đăng nhập',
    lead: 'Nhấn nút để đăng nhập trong trình duyệt này.',
    submit: 'Đăng nhập',
    notYou: 'Nếu bạn không yêu cầu liên kết này, hãy đóng trang. Không có gì xảy ra nếu bạn không nhấn nút.',
    again: 'Yêu cầu liên kết khác',
  },
  reasons: {
    ended: 'Phiên đăng nhập của bạn đã kết thúc. Hãy đăng nhập lại.',
    address: 'Đây không phải là địa chỉ email. Hãy nhập địa chỉ như name@example.com.',
    limit: 'Đã có quá nhiều lần thử. Hãy thử lại sau một giờ hoặc, để tạo tài khoản, sau 00:00 UTC.',
    link: 'Liên kết này không còn dùng được: đã được dùng, đã quá 15 phút, hoặc đã có liên kết mới hơn. Hãy yêu cầu liên kết khác.',
    browser: 'Liên kết chỉ dùng được trong trình duyệt đã yêu cầu. Đây là trình duyệt khác, hoặc đã quá lâu. Hãy mở liên kết trong trình duyệt đó, hoặc đăng nhập lại ở đây.',
    account: 'Địa chỉ này không thể có tài khoản ở đây. Hãy đăng nhập bằng cách khác, hoặc liên hệ bộ phận hỗ trợ.',
    denied: 'Bạn chưa cho phép đăng nhập ở nhà cung cấp. Hãy thử lại, hoặc đăng nhập bằng cách khác.',
    provider: 'Nhà cung cấp không đăng nhập được cho bạn. Hãy thử lại, hoặc đăng nhập bằng cách khác.',
  },
};

export function signInWords(language: Language): SignInWords {
  return language === 'vi' ? vi : en;
}
