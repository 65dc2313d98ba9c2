/** One thing that is wrong with what was sent. */
export interface Fault {
  field: string;
  message: string;
  /** The line of a document, from 1; null where there are no lines. */
  line: number | null;
}

/** A refusal of the API in its problem form, or a network that did not answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly hint: string | null;
  readonly requestId: string | null;
  /** The stable name of the kind of problem, such as `second-factor-needed`. */
  readonly kind: string;
  /** What is wrong, place by place. */
  readonly faults: Fault[];

  constructor(status: number, title: string, detail: string, hint: string | null, requestId: string | null, kind = "", faults: Fault[] = []) {
    super(detail || title);
    this.name = "ApiError";
    this.status = status;
    this.title = title;
    this.hint = hint;
    this.requestId = requestId;
    this.kind = kind;
    this.faults = faults;
  }

  /** The API itself could not be reached (stopped, or the network is away). */
  get offline(): boolean {
    return this.status === 0;
  }

  /** Trying the same again may work. */
  get retryable(): boolean {
    return this.offline || this.status >= 500 || this.status === 429;
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function faultsOf(value: unknown): Fault[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: Record<string, unknown>) => ({
    field: text(one.field) ?? "",
    message: text(one.message) ?? "",
    line: typeof one.line === "number" ? one.line : null,
  }));
}

/** Reads problem+json; any other body becomes a plain sentence. */
export function toApiError(status: number, body: unknown): ApiError {
  const problem = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const title = text(problem.title) ?? `The API answered ${status}`;
  const kind = text(problem.type)?.split(":").at(-1);
  return new ApiError(status, title, text(problem.detail) ?? "", text(problem.hint), text(problem.request_id), kind, faultsOf(problem.errors));
}

/** The request never got an answer. */
export function offlineError(): ApiError {
  return new ApiError(0, "SalesCommand did not answer", "The API could not be reached.", "Check that it runs, then retry.", null);
}
