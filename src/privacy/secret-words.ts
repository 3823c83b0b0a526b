// The vocabulary of `secret-name`.

/** The text that replaces a secret. */
export const FILTERED = "[Filtered]";

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Terms that name a secret wherever they occur in a name, unless a word of `DESCRIPTORS` follows. */
export const STRONG_TERMS: RegExp =
  /accesskeyid|secretid|passw(?:or)?d|passphrase|passcode|pwd|secret|credential|bearer|jwt|[cx]srf|saml|mnemonic|(?:recovery|secret|seed)phrase|walletseed|whsec|jaasconfig|dockerauthconfig|dockerconfigjson|serviceaccount(?:json|info)|sharedaccesssignature|azurestoragekey|sess(?:ion)?id|(?:access|api|auth|decryption|encryption|licen[cs]e|master|private|shared|signing)key|(?:access|api|auth|refresh|session)token|(?:access|auth|authorization|backup|device|mfa|onetime|otp|recovery|reset|security|verification)code(?!r)|codeverifier|(?:card|socialsecurity)number|creditcard/;

/**
 * Terms that are common words or parts of them: they name a secret only if no word other than those of `NEUTRAL_WORDS`
 * follows.
 */
export const WEAK_TERMS: ReadonlySet<string> = words(
  "auth oauth authn authz authentication authorization authorisation sso session identity sid key keys token tokens " +
    "pass passw pw pat pin pincode otp totp cvv cvc ssn psk",
);

/** Words after a term that do not change its meaning: `token_prod` and `auth_header` still hold the secret. */
export const NEUTRAL_WORDS: ReadonlySet<string> = words(
  "value values string str text plain plaintext raw data header headers hash hashed digest encrypted encoded decoded " +
    "pem der jwk pkcs new old current previous prev next confirm confirmation repeat again copy backup prod production " +
    "stage staging dev development test testing live sandbox qa uat local default main v code cookie ticket info s",
);

/** Names of services, as in `STRIPE_KEY` and `token_github`. */
export const VENDORS: ReadonlySet<string> = words(
  "algolia amplitude apns anthropic aws azure bitbucket braintree cloudflare cohere cosmos datadog discord docker dropbox elevenlabs " +
    "firebase gcp gemini github gitlab google groq heroku honeycomb huggingface launchdarkly mailchimp mailgun mapbox " +
    "mistral mixpanel newrelic npm okta openai pagerduty paypal pinecone plaid postmark pusher replicate sendgrid shopify " +
    "slack square stripe supabase telegram twilio twitch vercel xai zendesk",
);

/** Words after a term with which the value only describes a secret: measures, times, states, kinds and places. */
export const DESCRIPTORS: ReadonlySet<string> = words(
  // Measures.
  "count counts counter size length len limit limits max min minimum maximum quota usage remaining budget rate ratio percent " +
    "total score strength entropy bits index position offset cost price attempt attempts retries " +
    // Times.
    "at on date time timestamp ts ttl age expiry expires expiration expire expired expiring lifetime duration timeout seconds " +
    "secs minutes hours days millis ms interval until since created updated changed modified rotated rotation issued used " +
    "revoked reset shown change start started ended " +
    // States.
    "enabled disabled required valid invalid verified present missing exists set allowed optional supported active locked " +
    "matched failed failure failures success status state result error errors reason event events check checks decision " +
    // Kinds.
    "type types kind scheme method methods mode algorithm alg format version versions provider providers vendor source origin " +
    "issuer audience scope scopes policy policies rule rules requirements level strategy flow class category group role label " +
    "name names title description prefix fingerprint thumbprint protection purpose permission permissions claims grant idp " +
    "username owner kid exp iat sub binding complexity visible brand network bin config configuration settings options schema pattern regex charset less ary ariat ion " +
    // Places.
    "id ids uuid guid arn ref reference url urls uri uris endpoint endpoints path paths file filename dir directory location " +
    "hostname port domain region zone field fields column columns table param parameter page form screen view route handler " +
    "controller middleware module manager store storage engine backend stdin generator validator encoder",
);

/** A name that begins with one of these is a flag, a count or a limit: `has_password`, `max_tokens`. */
export const OPENERS: ReadonlySet<string> = words(
  "is are was has have had should can needs need requires require required use uses using enable enables enabled disable " +
    "disabled allow allows allowed skip with without no num number max min total count accept accepts accepted show hide remember forgot",
);

/** Words of `OPENERS` that can also be the purpose of a token or code: `remember_token`, `forgot_password_code`. */
export const PURPOSES: ReadonlySet<string> = words("accept forgot remember");

/** Words before which `secret` is an adjective: `secret_santa`. */
export const SECRET_THINGS: ReadonlySet<string> = words(
  "admirer agent agents ballot garden ingredient ingredients level mission recipe room santa sauce shopper shoppers society",
);

/** Kinds of keys that give access. Other keys are data: `partition_key`, `translationKey`, `s3_key`. */
export const SECRET_KEYS: ReadonlySet<string> = words(
  "account activation admin aes app application client consumer crypto decrypt deploy des dsa ec ecdsa encrypt functions gpg " +
    "hmac ingest instrumentation integration mac maps merchant pgp provisioning recovery root rsa server service session sign " +
    "signature ssh ssl subscription tls unseal wallet webhook wrapping write",
);

/** Tokens that only continue, count or describe something: `nextPageToken`, `designToken`. */
export const PLAIN_TOKENS: ReadonlySet<string> = words(
  "next page pagination paging continuation cursor sync resume resumption progress cancel cancellation prev previous marker " +
    "scan scroll list start end first last stop eos bos pad unk mask separator unexpected lexer parser symbol punctuation word per " +
    "position request idempotency dedup fencing design color theme change delta skip history sequence expected unknown special " +
    "text output input prompt completion cached reasoning generated total max template placeholder offset iteration watch " +
    "shard partition concurrency version " +
    // Tokens of blockchains.
    "erc bep spl nft fungible contract governance utility staking reward liquidity lp wrapped native quote swap",
);

/** Words before `tokens` with which the value is a secret (`accessTokens`) instead of a count (`inputTokens`). */
export const SECRET_TOKENS: ReadonlySet<string> = words(
  "access api auth bearer csrf device id oauth push refresh secret session user",
);

/** Words before `session id` with which the session is not that of a login. */
export const PLAIN_SESSIONS: ReadonlySet<string> = words(
  "browser call chat checkout conversation debug download game mcp meeting parent payment replay rum shopping stripe telemetry " +
    "test tracking training upload video",
);

/** Words before `sid`, `session` or `identity` with which the value belongs to a login. */
export const LOGINS: ReadonlySet<string> = words(
  "admin app asp auth aws client connect cookie express http https j java koa laravel login my oauth php rails req request " +
    "server sso user web x",
);

/** Words before `pass` or `pin` with which the value belongs to an account or a card. */
export const ACCOUNTS: ReadonlySet<string> = words(
  "admin account app auth bank broker card client customer database db debit credit default device email ftp http imap keystore truststore bind ldap login mail " +
    "mongo mysql my new old pg phone postgres proxy rabbit rabbitmq redis root sim smtp sql ssh sudo user web wifi",
);

/** Words before `auth` with which the value is no secret: a step of a login (`two_step_auth`), or true or false (`needs_auth`). */
export const PLAIN_AUTHS: ReadonlySet<string> = words(
  "factor last multi mutual needs no post pre step two",
);
