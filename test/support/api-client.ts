/** An answer of the API, read whole. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  json: any;
}

export interface ApiRequest {
  json?: unknown;
  headers?: Record<string, string>;
}

export interface ApiClient {
  token: string;
  call(method: string, path: string, request?: ApiRequest): Promise<ApiAnswer>;
  get(path: string): Promise<ApiAnswer>;
  post(path: string, json?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  put(path: string, json: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Reads the ETag first, unless one is given: what a careful client does. */
  patch(path: string, json: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  delete(path: string, headers?: Record<string, string>): Promise<ApiAnswer>;
}

/** A client of the running service; paths are those below `/api/v1`. */
export function apiClient(baseUrl: () => string, token: string): ApiClient {
  const call: ApiClient['call'] = async (method, path, { json, headers } = {}) => {
    const response = await fetch(`${baseUrl()}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? undefined : JSON.stringify(json),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : null,
    };
  };
  return {
    token,
    call,
    get: (path) => call('GET', path),
    post: (path, json = {}, headers) => call('POST', path, { json, headers }),
    put: (path, json, headers) => call('PUT', path, { json, headers }),
    async patch(path, json, headers) {
      const etag = headers?.['if-match'] ?? (await call('GET', path)).headers.get('etag') ?? '*';
      return call('PATCH', path, { json, headers: { 'if-match': etag, ...headers } });
    },
    delete: (path, headers) => call('DELETE', path, { headers }),
  };
}
