import type { Language } from '@/app/lib/i18n';

/* The docs page in both languages. The server renders it, so they stay there. */

const en = {
  title: 'Documentation',
  lead: 'How programs use your key, and how the service responds.',
  contents: 'On this page',
  base: {
    title: 'Base URL',
    text: 'All paths below are relative to this URL.',
    reference: 'API reference',
    document: 'OpenAPI document',
  },
  auth: {
    title: 'Authentication',
    text: 'Send your key in the Authorization header of every request. Keep it out of URLs, logs and repositories: anybody who has it can use your credits. Create a separate key for each program, so that you can revoke one without affecting the others. Give each key only the scopes and addresses that it needs.',
    check: 'Check whose key it is and how much it has used today:',
  },
  calls: {
    title: 'Calling models',
    text: 'The API is that of OpenAI and of Anthropic: Chat Completions, Responses and Messages under /v1. Use any of their clients with this base URL and your key. The models that you can use are on the page Models.',
    language: 'Language',
    price: 'A call is charged by its real tokens. A call that is refused costs nothing. Where the day’s credits end during a stream, the stream ends in the way that its client understands.',
    connect: 'Set up Codex, Claude Code, an editor or an SDK with your key, and test it',
    types: 'For programs that read usage or manage keys, generate TypeScript types from the OpenAPI document:',
  },
  limits: {
    title: 'Limits',
    quota: 'Your plan has a number of credits per day for all your keys together. A day is a calendar day in UTC; credits reset at 00:00 UTC.',
    rate: 'Each key also has a rate limit: never more than 100 requests in any 60 seconds, unless your plan says otherwise. Requests of this dashboard count too. Every response reports the current state:',
    headers: [
      ['X-RateLimit-Limit', 'requests allowed in 60 seconds'],
      ['X-RateLimit-Remaining', 'requests left'],
      ['X-RateLimit-Reset', 'seconds until another request is allowed; 0 if one is allowed now'],
      ['Retry-After', 'with status 429 or 503: seconds to wait'],
    ],
  },
  demo: {
    title: 'Demo keys',
    signIn: 'This is a demo. Sign in with this key:',
    text: 'This is a demo. Its data is deleted when it stops. You can sign in with these keys:',
    key: 'Key',
    plan: 'Plan',
    credits: 'Credits per day',
  },
  errors: {
    title: 'Errors',
    text: 'Every error has the same format. message says what to do next. Include request_id, which is also in the X-Request-Id header, when you contact support.',
    code: 'Code',
    status: 'Status',
    meaning: 'What it means and what to do',
    rows: [
      ['bad_request', '400', 'The body is missing or is not a JSON object. Correct the request.'],
      ['unauthorized', '401', 'The key is missing, mistyped, unknown, disabled, revoked or expired. Use another key.'],
      ['forbidden', '403', 'The account is suspended, or does not have the role that the path needs. Contact support.'],
      ['insufficient_scope', '403', 'The key lacks the scope that the message names. Use a key that has it.'],
      ['ip_not_allowed', '403', 'The key cannot be used from this IP address. Use it from an allowed address, or change its addresses.'],
      ['not_found', '404', 'The path or id does not exist, or is not yours.'],
      ['method_not_allowed', '405', 'The path exists, but not with this method.'],
      ['conflict', '409', 'The same Idempotency-Key was used with a different body, or two changes happened at the same time. Load the current state, then retry.'],
      ['payload_too_large', '413', 'The body is larger than 1 MiB. Send a smaller one.'],
      ['unsupported_media_type', '415', 'Send Content-Type: application/json.'],
      ['validation_failed', '422', 'A value has the wrong type or is out of range; fields lists it.'],
      ['rate_limited', '429', 'Too many requests. Wait for Retry-After seconds.'],
      ['quota_exceeded', '429', 'The day’s credits are used up and nothing was charged. Retry-After gives the seconds until 00:00 UTC.'],
      ['internal_error', '500', 'An error in the service. Try again; if it persists, send the request_id to support.'],
      ['service_unavailable', '503', 'The service is temporarily busy or unavailable. Wait for Retry-After seconds, then retry.'],
    ],
  },
};

type DocsMessages = typeof en;

const vi: DocsMessages = {
  title: 'Tài liệu',
  lead: 'Cách chương trình dùng khóa của bạn và cách dịch vụ phản hồi.',
  contents: 'Trong trang này',
  base: {
    title: 'URL gốc',
    text: 'Mọi đường dẫn bên dưới đều bắt đầu từ URL này.',
    reference: 'Tham khảo API',
    document: 'Tài liệu OpenAPI',
  },
  auth: {
    title: 'Xác thực',
    text: 'Gửi khóa trong header Authorization của mọi yêu cầu. Đừng để lộ khóa trong URL, nhật ký hay kho mã nguồn: ai có khóa đều dùng được tín dụng của bạn. Hãy tạo khóa riêng cho từng chương trình, để có thể thu hồi một khóa mà không ảnh hưởng đến khóa khác. Chỉ cấp cho khóa những quyền và địa chỉ cần thiết.',
    check: 'Kiểm tra khóa thuộc về ai và hôm nay đã dùng bao nhiêu:',
  },
  calls: {
    title: 'Gọi mô hình',
    text: 'API giống API của OpenAI và của Anthropic: Chat Completions, Responses và Messages dưới /v1. Hãy dùng bất kỳ thư viện nào của họ với URL gốc này và khóa của bạn. Các mô hình bạn dùng được có trong trang Mô hình.',
    language: 'Ngôn ngữ lập trình',
    price: 'Mỗi lượt gọi được tính theo số token thực tế. Lượt gọi bị từ chối không mất tín dụng. Nếu hết tín dụng trong ngày giữa một luồng, luồng kết thúc theo cách mà chương trình hiểu được.',
    connect: 'Thiết lập Codex, Claude Code, trình soạn thảo hoặc SDK với khóa của bạn, rồi gọi thử',
    types: 'Với chương trình đọc mức sử dụng hoặc quản lý khóa, hãy sinh kiểu TypeScript từ tài liệu OpenAPI:',
  },
  limits: {
    title: 'Giới hạn',
    quota: 'Gói của bạn có một số tín dụng mỗi ngày, dùng chung cho mọi khóa. Ngày được tính theo giờ UTC; tín dụng được đặt lại lúc 00:00 UTC.',
    rate: 'Mỗi khóa còn có giới hạn tần suất: không quá 100 yêu cầu trong 60 giây bất kỳ, trừ khi gói quy định khác. Yêu cầu của bảng điều khiển này cũng được tính. Mỗi phản hồi cho biết trạng thái hiện tại:',
    headers: [
      ['X-RateLimit-Limit', 'số yêu cầu được phép trong 60 giây'],
      ['X-RateLimit-Remaining', 'số yêu cầu còn lại'],
      ['X-RateLimit-Reset', 'số giây đến khi được gửi yêu cầu tiếp theo; 0 nếu được gửi ngay'],
      ['Retry-After', 'với mã 429 hoặc 503: số giây cần chờ'],
    ],
  },
  demo: {
    title: 'Khóa dùng thử',
    signIn: 'Đây là bản dùng thử. Hãy đăng nhập bằng khóa này:',
    text: 'Đây là bản dùng thử. Dữ liệu bị xóa khi dịch vụ dừng. Bạn có thể đăng nhập bằng các khóa này:',
    key: 'Khóa',
    plan: 'Gói',
    credits: 'Tín dụng mỗi ngày',
  },
  errors: {
    title: 'Lỗi',
    text: 'Mọi lỗi có cùng một định dạng. message cho biết cần làm gì tiếp theo. Hãy gửi kèm request_id, cũng có trong header X-Request-Id, khi liên hệ bộ phận hỗ trợ.',
    code: 'Mã',
    status: 'Trạng thái',
    meaning: 'Ý nghĩa và cách xử lý',
    rows: [
      ['bad_request', '400', 'Thiếu nội dung, hoặc nội dung không phải là đối tượng JSON. Hãy sửa yêu cầu.'],
      ['unauthorized', '401', 'Thiếu khóa, hoặc khóa bị nhập sai, không tồn tại, đã tắt, đã thu hồi hoặc đã hết hạn. Hãy dùng khóa khác.'],
      ['forbidden', '403', 'Tài khoản bị tạm khóa, hoặc không có vai trò mà đường dẫn yêu cầu. Hãy liên hệ bộ phận hỗ trợ.'],
      ['insufficient_scope', '403', 'Khóa thiếu quyền được nêu trong message. Hãy dùng khóa có quyền đó.'],
      ['ip_not_allowed', '403', 'Khóa không dùng được từ địa chỉ IP này. Hãy dùng từ một địa chỉ được phép, hoặc sửa các địa chỉ của khóa.'],
      ['not_found', '404', 'Đường dẫn hoặc id không tồn tại, hoặc không thuộc về bạn.'],
      ['method_not_allowed', '405', 'Đường dẫn tồn tại nhưng không hỗ trợ phương thức này.'],
      ['conflict', '409', 'Cùng Idempotency-Key nhưng nội dung khác, hoặc hai thay đổi xảy ra cùng lúc. Hãy tải lại trạng thái hiện tại rồi thử lại.'],
      ['payload_too_large', '413', 'Nội dung lớn hơn 1 MiB. Hãy gửi nội dung nhỏ hơn.'],
      ['unsupported_media_type', '415', 'Hãy gửi Content-Type: application/json.'],
      ['validation_failed', '422', 'Một giá trị sai kiểu hoặc ngoài phạm vi; fields cho biết giá trị nào.'],
      ['rate_limited', '429', 'Quá nhiều yêu cầu. Hãy chờ số giây trong Retry-After.'],
      ['quota_exceeded', '429', 'Đã dùng hết tín dụng trong ngày, không có tín dụng nào bị trừ. Retry-After là số giây đến 00:00 UTC.'],
      ['internal_error', '500', 'Lỗi của dịch vụ. Hãy thử lại; nếu vẫn lỗi, hãy gửi request_id cho bộ phận hỗ trợ.'],
      ['service_unavailable', '503', 'Dịch vụ đang bận hoặc tạm thời không khả dụng. Hãy chờ số giây trong Retry-After rồi thử lại.'],
    ],
  },
};

export function docsIn(language: Language): DocsMessages {
  return language === 'vi' ? vi : en;
}
