import type { Language } from '@/app/lib/i18n';

/* The docs page in both languages. It is drawn by the server, so these stay there. */

const en = {
  title: 'Documentation',
  lead: 'How a program uses your key, and what the service answers.',
  contents: 'On this page',
  base: {
    title: 'Base URL',
    text: 'Every path below is under this address.',
    reference: 'API reference',
    document: 'OpenAPI document',
  },
  auth: {
    title: 'Authentication',
    text: 'Send your key in the Authorization header of every request. Keep it out of addresses, logs and repositories; whoever has it spends your credits. Make one key for each place that uses it, so that you can revoke one without touching the others, and give it no more scopes and addresses than it needs.',
    check: 'See whose key it is and what it has used today:',
  },
  charge: {
    title: 'Charging credits',
    text: 'A charge is recorded whole or refused whole, and it is durable before the answer is sent. Credits is a whole number, 1 unless given; model, tokens and cost are optional and show up in your overview. The key needs the scope charge, which an operator gives.',
    language: 'Language',
    retry: 'Send an Idempotency-Key, and a repeat within 24 hours answers as the first did and charges nothing. Use the same one when you try again after a timeout.',
    types: 'For TypeScript, generate types from the OpenAPI document:',
  },
  limits: {
    title: 'Limits',
    quota: 'Your plan has a number of credits a day, for all your keys together. The day is a calendar day in UTC; the count begins anew at 00:00 UTC.',
    rate: 'Each key has a rate, too: 100 requests in any 60 seconds unless your plan says otherwise. This dashboard’s own requests count in it. Every answer tells where you stand:',
    headers: [
      ['X-RateLimit-Limit', 'requests in 60 seconds'],
      ['X-RateLimit-Remaining', 'how many of them are left'],
      ['X-RateLimit-Reset', 'seconds until there is room, 0 while there is'],
      ['Retry-After', 'on a refusal: whole seconds to wait'],
    ],
  },
  demo: {
    title: 'Demo keys',
    text: 'These keys work on a service that was started in demo mode, and nowhere else:',
    key: 'Key',
    plan: 'Plan',
    credits: 'Credits a day',
  },
  errors: {
    title: 'Errors',
    text: 'Every error has the same shape. The message says what to do next; request_id, also in the X-Request-Id header, is what support asks for.',
    code: 'Code',
    status: 'Status',
    meaning: 'What it means and what to do',
    rows: [
      ['bad_request', '400', 'The body is missing or is no JSON object. Mend the request.'],
      ['unauthorized', '401', 'The key is missing, mistyped, unknown, disabled, revoked or expired. Use another one.'],
      ['forbidden', '403', 'The account is suspended, or the path is not for its role. Write to support.'],
      ['insufficient_scope', '403', 'The key lacks the scope that the message names. Use a key that has it.'],
      ['ip_not_allowed', '403', 'The key cannot be used from this address. Use it from an allowed one, or change its addresses.'],
      ['not_found', '404', 'There is no such path or id, or it is not yours.'],
      ['method_not_allowed', '405', 'The path exists, but not with this method.'],
      ['conflict', '409', 'The same Idempotency-Key came with another body, or two changes met. Read again, then decide.'],
      ['payload_too_large', '413', 'The body is over 1 MiB. Send less.'],
      ['unsupported_media_type', '415', 'Send Content-Type: application/json.'],
      ['validation_failed', '422', 'A value is of the wrong type or out of range; fields names it.'],
      ['rate_limited', '429', 'Too many requests. Wait for Retry-After seconds.'],
      ['quota_exceeded', '429', 'The day’s credits are used up and nothing was charged. Retry-After counts to 00:00 UTC.'],
      ['internal_error', '500', 'A fault of the service. Try again; if it stays, send the request_id to support.'],
      ['service_unavailable', '503', 'The service is busy or down for a moment. Wait for Retry-After and try again.'],
    ],
  },
};

type DocsMessages = typeof en;

const vi: DocsMessages = {
  title: 'Tài liệu',
  lead: 'Chương trình dùng khóa của bạn thế nào, và dịch vụ trả lời gì.',
  contents: 'Trong trang này',
  base: {
    title: 'Địa chỉ gốc',
    text: 'Mọi đường dẫn dưới đây đều nằm dưới địa chỉ này.',
    reference: 'Tham khảo API',
    document: 'Tài liệu OpenAPI',
  },
  auth: {
    title: 'Xác thực',
    text: 'Gửi khóa trong header Authorization của mọi yêu cầu. Đừng để khóa lọt vào địa chỉ, nhật ký hay kho mã; ai có khóa sẽ tiêu tín dụng của bạn. Hãy tạo mỗi nơi dùng một khóa, để có thể thu hồi một khóa mà không ảnh hưởng khóa khác, và chỉ cho khóa những quyền và địa chỉ nó cần.',
    check: 'Xem khóa thuộc về ai và hôm nay đã dùng bao nhiêu:',
  },
  charge: {
    title: 'Trừ tín dụng',
    text: 'Một lần trừ được ghi trọn vẹn hoặc bị từ chối trọn vẹn, và đã được lưu bền trước khi có câu trả lời. Credits là số nguyên, mặc định 1; model, số token và chi phí là tùy chọn và hiện trong trang tổng quan. Khóa cần quyền charge, do người vận hành cấp.',
    language: 'Ngôn ngữ lập trình',
    retry: 'Gửi kèm Idempotency-Key, yêu cầu lặp lại trong 24 giờ sẽ nhận câu trả lời như lần đầu và không bị trừ thêm. Hãy dùng lại giá trị cũ khi thử lại sau khi hết thời gian chờ.',
    types: 'Với TypeScript, hãy sinh kiểu dữ liệu từ tài liệu OpenAPI:',
  },
  limits: {
    title: 'Giới hạn',
    quota: 'Gói của bạn có một số tín dụng mỗi ngày, chung cho mọi khóa. Ngày tính theo lịch UTC; bộ đếm bắt đầu lại lúc 00:00 UTC.',
    rate: 'Mỗi khóa còn có giới hạn tốc độ: 100 yêu cầu trong 60 giây bất kỳ, trừ khi gói quy định khác. Yêu cầu của chính trang này cũng được tính. Mỗi câu trả lời cho biết bạn đang ở đâu:',
    headers: [
      ['X-RateLimit-Limit', 'số yêu cầu trong 60 giây'],
      ['X-RateLimit-Remaining', 'số yêu cầu còn lại'],
      ['X-RateLimit-Reset', 'số giây đến khi có chỗ, 0 khi còn chỗ'],
      ['Retry-After', 'khi bị từ chối: số giây nguyên cần chờ'],
    ],
  },
  demo: {
    title: 'Khóa dùng thử',
    text: 'Các khóa này chỉ hoạt động trên dịch vụ được khởi động ở chế độ dùng thử:',
    key: 'Khóa',
    plan: 'Gói',
    credits: 'Tín dụng mỗi ngày',
  },
  errors: {
    title: 'Lỗi',
    text: 'Mọi lỗi có cùng một dạng. Message cho biết cần làm gì tiếp; request_id, cũng có trong header X-Request-Id, là mã mà bộ phận hỗ trợ cần.',
    code: 'Mã',
    status: 'Trạng thái',
    meaning: 'Ý nghĩa và cách xử lý',
    rows: [
      ['bad_request', '400', 'Thiếu nội dung hoặc nội dung không phải đối tượng JSON. Hãy sửa yêu cầu.'],
      ['unauthorized', '401', 'Thiếu khóa, khóa gõ sai, không tồn tại, đã tắt, đã thu hồi hoặc hết hạn. Hãy dùng khóa khác.'],
      ['forbidden', '403', 'Tài khoản bị tạm khóa, hoặc đường dẫn không dành cho vai trò của nó. Hãy liên hệ hỗ trợ.'],
      ['insufficient_scope', '403', 'Khóa thiếu quyền được nêu trong message. Hãy dùng khóa có quyền đó.'],
      ['ip_not_allowed', '403', 'Khóa không được dùng từ địa chỉ này. Hãy dùng từ một địa chỉ được phép, hoặc sửa các địa chỉ của khóa.'],
      ['not_found', '404', 'Không có đường dẫn hay id này, hoặc nó không thuộc về bạn.'],
      ['method_not_allowed', '405', 'Có đường dẫn này, nhưng không với phương thức này.'],
      ['conflict', '409', 'Cùng Idempotency-Key nhưng nội dung khác, hoặc hai thay đổi trùng lúc. Hãy đọc lại rồi quyết định.'],
      ['payload_too_large', '413', 'Nội dung lớn hơn 1 MiB. Hãy gửi ít hơn.'],
      ['unsupported_media_type', '415', 'Hãy gửi Content-Type: application/json.'],
      ['validation_failed', '422', 'Một giá trị sai kiểu hoặc ngoài phạm vi; fields nêu tên nó.'],
      ['rate_limited', '429', 'Quá nhiều yêu cầu. Hãy chờ số giây trong Retry-After.'],
      ['quota_exceeded', '429', 'Đã dùng hết tín dụng trong ngày và không bị trừ gì. Retry-After đếm đến 00:00 UTC.'],
      ['internal_error', '500', 'Lỗi của dịch vụ. Hãy thử lại; nếu vẫn lỗi, gửi request_id cho bộ phận hỗ trợ.'],
      ['service_unavailable', '503', 'Dịch vụ đang bận hoặc tạm ngừng. Hãy chờ Retry-After rồi thử lại.'],
    ],
  },
};

export function docsIn(language: Language): DocsMessages {
  return language === 'vi' ? vi : en;
}
