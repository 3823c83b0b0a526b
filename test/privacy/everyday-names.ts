// Names from real code bases, grouped by field.

function names(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** Names that contain part of a secret's name, but whose values are not secret. */
export const EVERYDAY_NAMES: readonly string[] = names(`
  idempotency_key idempotencyKey idempotency-key translation_key translationKey i18n_key i18nKey s3_key s3Key s3.object.key
  object_key objectKey partition_key partitionKey cache_key cacheKey cache.key public_key publicKey primary_key primaryKey
  sort_key sortKey foreign_key foreignKey index_key shard_key shardKey row_key rowKey hash_key range_key lookup_key lookupKey
  group_key grouping_key dedup_key dedupKey dedupe_key lock_key lockKey routing_key routingKey message_key messageKey
  record_key event_key eventKey item_key itemKey map_key mapKey natural_key surrogate_key composite_key unique_key
  join_key issue_key issueKey project_key projectKey setting_key settings_key config_key configKey feature_key flag_key flagKey
  storage_key storageKey query_key queryKey mutation_key react_key registry_key business_key process_definition_key
  metric_key label_key tag_key header_key param_key field_key column_key property_key locale_key error_key i18n.key
  publishable_key publishableKey stripe_publishable_key vapid_public_key vapidPublicKey ssh_public_key publicKeyPem public_key_id
  key_id keyId kms_key_id kmsKeyArn key_name keyName key_type keyType key_count keyCount key_size keys keys_total
  key_path keyspace key_value keyCode keyboard keyboard_layout keyframe keynote keyword keywords search_keyword hotkey hotkeys
  turkey monkey donkey hockey jockey whiskey mickey
  next_page_token nextPageToken next_token nextToken NextToken page_token pageToken continuation_token continuationToken
  NextContinuationToken sync_token syncToken nextSyncToken resume_token resumeToken cursor_token cancellation_token
  cancellationToken idempotencyToken clientRequestToken progress_token progressToken nextSequenceToken change_token delta_token
  input_tokens inputTokens output_tokens outputTokens max_tokens maxTokens max_output_tokens total_tokens totalTokens
  prompt_tokens promptTokens completion_tokens cached_tokens reasoning_tokens cache_read_input_tokens tokens_used
  tokens_per_second cost_per_token time_to_first_token usage.totalTokens token_count tokenCount token_type tokenType
  token_expires_at tokenExpiresAt token_expires_in token_ttl token_limit token_usage token_bucket token_issuer token_endpoint
  token_url token_id tokenId token_name token_symbol token_address token_decimals tokenizer tokenizer_name tokenize tokenized
  bos_token eos_token pad_token mask_token unk_token stop_token design_token unexpected_token access_token_expires_at
  accessTokenExpiresAt access_token_url refresh_token_ttl refreshTokenExpiresIn refresh_token_count api_token_name
  password_changed_at passwordChangedAt password_updated_at password_expires_at password_expiry passwordLength password_length
  password_min_length password_policy passwordPolicy password_strength password_reset_url password_reset_required
  passwordResetSentAt password_attempts password_version password_algorithm password_set has_password hasPassword
  is_password_valid require_password requiresPassword passwordless passwordless_enabled failed_password_attempts
  password_rotation_days secret_name secretName secret_arn secret_id_ttl secret_version secret_path secrets_path secret_count
  secret_manager secretary secretariat client_secret_expires_at has_secret secret_type secret_rotation_enabled
  author authors author_id authorName article.author authority authorities url.authority authored_by
  auth_method authMethod auth_type authType auth_provider authProvider auth_time auth_mode auth_strategy auth_flow auth_domain
  auth_level auth_result auth_status auth_url auth_service auth.provider auth.method auth_scheme auth_attempts auth_error
  auth0_domain requires_auth require_auth needs_auth skip_auth is_auth auth_enabled oauth_provider oauth_scopes
  oauth_client_id oauth_redirect_uri authorization_policy authorization_endpoint authorization_result authorization_type
  is_authenticated isAuthenticated authenticated authenticated_at authenticated_user authorized is_authorized unauthorized
  authentication_method authentication_type authenticator_name preauthorized two_factor_enabled mfa_enabled mfa_method
  session_count sessionCount session_duration session_length session_start session_started_at session_type session_name
  session_timeout session_expired sessions active_sessions session_number session_status session_affinity session_state
  checkout_session checkout_session_id checkoutSessionId game_session_id replay_session_id sessionStorage session.id
  identity_provider identity_pool_id identity_type identity_verified identityProvider
  saml_provider saml_entity_id saml_enabled sso_enabled sso_provider sso_url jwt_issuer jwt_audience jwt_algorithm
  jwt_expires_in csrf_enabled csrf_protection csrf_header_name credentials_provider credential_type credential_id
  credentials_source api_key_id apiKeyId api_key_name apiKeyName api_key_count api_keys_count access_key_age api_key_created_at
  cookie_consent cookieConsent cookie_policy cookie_name cookie_domain cookie_banner_shown has_cookies accept_cookies
  passenger passengers passenger_count compass compass_heading passport_country bypass bypass_cache pass_count pass_rate
  boarding_pass season_pass passive passed tests_passed pass_through passthrough trespass encompass
  pinned pin_count pinned_at gpio_pin map_pin pinterest_id ping pinpoint shipping opinion spinner spin_count
  account_sid accountSid message_sid messageSid call_sid inside side sidebar considered residual position
  consideration president country_code countryCode currency_code status_code statusCode error_code postal_code zip_code
  promo_code discount_code language_code exit_code barcode geocode decoded encoder otp_enabled cvv_result cvc_check
  card_brand card_type card_country card_last4 cardholder_name business_card credit_card_type credit_card_brand
  discard_count dashboard_card_id hashed_at hotplug user_id userId username user_name email client_id clientId
  github_issue_key github_username stripe_customer_id stripe_account_id aws_region aws_account_id kafka_topic kafka.message.key
  messaging.kafka.message.key redis_key redis_key_prefix db.redis.key consumer_group consumer_group_id sns_topic_arn
  aws.secretsmanager.secret.arn messaging.rabbitmq.destination.routing_key db.cassandra.keyspace
  gen_ai.usage.input_tokens gen_ai.response.time_to_first_token faas.identity feature_flag.key sentry.dsc.public_key
  jira_key scroll_token password_complexity jwt_kid jwt_exp
  with_credentials withCredentials saml_binding LastEvaluatedKey ExclusiveStartKey KeyConditionExpression authorized_keys keystore_path
  experiment_key tenant_key sku_key label_keys remaining_tokens candidatesTokenCount session_source_medium authz_policy
  workload_identity jwt_claims first_pass day_pass area_code referral_code key_metrics keyResults key_account_manager
  flag.evaluation.new-auth mcp.session.id sentry.module.passport name id user.id enduser.id value
  erc20_token erc721Token bep20_token splToken contract_token contractToken governance_token governanceToken
  utility_token reward_token stakingToken lp_token liquidity_token wrapped_token native_token quote_token swapToken
  nft_token fungible_token secret_santa secretSanta secret_sauce secret_agent secret_menu_id secret_shopper
  secret_level secret_recipe pattern path pathname patient patch patch_version repat dispatch compat compatible spat
  patId pat_name pattern_id compass bypass bypassed encompass surpass overpass underpass trespass passthrough
  pass_rate bypass_cache spinpin shipping_pin drop_pin map_pin newpage userspin mypage service_account
  service_account_id service_account_name service_account_email account_info account_json_path jaas_enabled
  docker_config docker_config_path auth_config_version account_information remember_me rememberMe remember_password
  forgot_password show_password hide_token use_token_auth accept_terms accept_header_auth accept_language key_event
  keypad keypad_input keystroke keystone monkey_patch hockey_stats whisky_key_notes passenger_count passport_type
  passport_expiry passive_mode password_hint_enabled password_hint_shown password_field passwordInput_id tokens_in tokens_out token_budget
  tokenCounts token_rate prompt_token_count avg_tokens median_tokens tokens_saved tokenized_text token_classifier
  token_kind token_position next_sync_token codec encoding_code status_code zip_code area_code error_code
  pincode_lookup cvv_result cvc_check card_type card_brand card_last4 discard cardboard scorecard flashcard_id
  dashboard_cards session_minutes session_score training_session_id therapy_session photo_session sessions_per_user
  auth_latency_ms author_email coauthor authoring authorship authenticity_score oauth_app_name signature_count
  signature_type email_signature_enabled sidebar inside outside residence sidecar president identity_matrix
  identity_map visual_identity_id corporate_identity_doc seed_value random_seed seedling phrase_match paraphrase
  passphrase_length spin pinned_at pin_map pinecone_index opinion pinball otp_sent_at otp_channel otpauth_enabled
  cookie_consent cookies_accepted cookie_policy_version key_result key_insight key_takeaways keyring keychain_name
  keyspace_name keyword_density turnkey primaryKeyName answer_key api_keys_created key_rotation_days jwt_expiry
  csrf_failed saml_enabled sso_domain credential_count credentials_expired secretariat_id secret_rotation_days
  secrets_count secret_versions
`);

/** Names whose values are secrets, in common spellings. */
export const SECRET_NAMES: readonly string[] = names(`
  password Password PASSWORD passWord pASSWORD PaSsWoRd passwd pwd passphrase passcode pass user_pass db_pass dbPass smtp_pass
  passwords password1 password_1 old_password oldPassword new_password newPassword current_password confirm_password
  password_confirmation passwordConfirmation password_hash passwordHash password_digest password_salt hashed_password encrypted_password
  db_password dbPassword DB_PASSWORD db.password database_password DATABASE_PASSWORD mysql_pwd MYSQL_ROOT_PASSWORD PGPASSWORD
  POSTGRES_PASSWORD REDIS_PASSWORD redis-password smtp_password admin_password root_password userPassword user.password
  spring.datasource.password wifi_password keystore_password keyStorePassword truststore-password app.login.password
  password_prod password-staging dbpassword userpassword mypassword temp_password one_time_password
  secret Secret SECRET secrets my.secret client_secret clientSecret client-secret CLIENT_SECRET app_secret appSecret
  consumer_secret api_secret apiSecret shared_secret sharedSecret webhook_secret webhookSecret signing_secret jwt_secret
  JWT_SECRET session_secret SESSION_SECRET cookie_secret secret_key secretKey SECRET_KEY secret_key_base SECRET_KEY_BASE
  aws_secret_access_key AWS_SECRET_ACCESS_KEY awsSecretAccessKey secretAccessKey SecretAccessKey secret_id secret_token
  totp_secret mfa_secret otpSecret stripe_secret_key nextauth_secret NEXTAUTH_SECRET auth0_client_secret
  api_key apiKey api-key API_KEY APIKey apikey ApiKey x-api-key X-Api-Key X-API-KEY api_keys apiKeys my_api_key
  openai_api_key OPENAI_API_KEY stripe_api_key google_api_key sendgrid_api_key api.key api_key_prod
  openai_key STRIPE_KEY stripe_key sendgridKey GITHUB_KEY access_key accessKey aws_access_key_id AWS_ACCESS_KEY_ID accessKeyId
  private_key privateKey private-key PRIVATE_KEY ssh_private_key rsa_private_key ssh_key sshKey rsa_key ssl_key tls_key
  encryption_key encryptionKey master_key masterKey signing_key signingKey license_key licenseKey hmac_key account_key
  AccountKey subscription_key ocp-apim-subscription-key APP_KEY app_key webhook_key service_key key
  token Token TOKEN ToKeN auth_token authToken auth-token AUTH_TOKEN x-auth-token X-Auth-Token access_token accessToken
  access-token ACCESS_TOKEN refresh_token refreshToken id_token idToken bearer_token session_token sessionToken api_token apiToken
  csrf_token csrfToken csrfmiddlewaretoken xsrf-token X-XSRF-TOKEN x-csrf-token authenticity_token device_token push_token
  registration_token verification_token reset_token password_reset_token invite_token github_token GITHUB_TOKEN gitlab_token
  slack_token SLACK_BOT_TOKEN npm_token NPM_TOKEN _authToken vault_token x-vault-token bot_token botToken oauth_token
  oauthToken oAuthToken mytoken stripetoken stripeToken access_tokens refreshTokens token_value token_prod x-amz-security-token
  auth Auth AUTH x-auth basic_auth basicAuth proxy_auth http_auth user_auth oauth OAuth2 authorization Authorization
  AUTHORIZATION proxy-authorization Proxy-Authorization authentication auth_header authHeader auth_code authorization_code
  auth_key authKey auth_cookie auth_data jwt JWT jwt_token id_jwt bearer Bearer sso saml SAMLResponse saml_assertion csrf xsrf
  session Session user_session laravel_session session_id sessionId sessionid SESSIONID session-id PHPSESSID JSESSIONID
  ASP.NET_SessionId connect.sid express.sid sid session_key session_data identity credential credentials aws_credentials
  user.credentials pin PIN pin_code card_pin user_pin newPin cvv cvc CVV2 card_cvc cardCvv card_number cardNumber
  credit_card_number creditCardNumber credit_card security_code securityCode otp otp_code otpCode mfa_code totp verification_code
  recovery_codes recoveryCode backup_codes code_verifier codeVerifier psk wifi_psk mnemonic seed_phrase ssn
  social_security_number db.query.parameter.password bind_pw root_pw
  RABBITMQ_DEFAULT_PASS azure_storage_key AZURE_STORAGE_ACCOUNT_KEY SharedAccessKey SharedAccessSignature unseal_key
  recovery_phrase one_time_code oauth_token_secret x-goog-api-key twilio_auth_token sasl.password ssl.key.password
  service_account_key DD_APP_KEY fcm_server_key share_token magic_link_token session_cookie
  PGPASS newpass remember_token remember_me_token github_pat GITHUB_PAT githubPat gitlab-pat AZURE_DEVOPS_PAT GH_PAT
  personal_pat sasl_jaas_config sasl.jaas.config SASL_JAAS_CONFIG saslJaasConfig service_account_json
  serviceAccountJson GOOGLE_SERVICE_ACCOUNT_JSON service_account_info DOCKER_AUTH_CONFIG dockerAuthConfig
  .dockerconfigjson dockerconfigjson whsec STRIPE_WHSEC dbpass DBPASS db_pass userpass oldpass rootpw ROOTPW mypass
  smtppass SMTPPASS redispass adminpass authpass ftppass rootpass mysqlpass bindpw dbpw cardpin userpin simpin
  forgot_password_token forgotPasswordToken accept_token forgot_password_code remember_web_token POSTGRES_PASSWORD
  MONGO_INITDB_ROOT_PASSWORD MINIO_ROOT_PASSWORD GRAFANA_ADMIN_PASSWORD ELASTIC_PASSWORD KEYCLOAK_ADMIN_PASSWORD
  RABBITMQ_ERLANG_COOKIE_PASSWORD mssql_sa_password basicAuthPassword htpasswd vnc_password rdpPassword sftp_pwd
  pwdHash userPwd keyPassphrase ssh_passphrase gpg_passphrase CODECOV_TOKEN SONAR_TOKEN SNYK_TOKEN CIRCLE_TOKEN
  NODE_AUTH_TOKEN CARGO_REGISTRY_TOKEN PYPI_TOKEN HEROKU_API_KEY ANTHROPIC_API_KEY MISTRAL_API_KEY GEMINI_API_KEY
  HF_TOKEN PINECONE_API_KEY DATADOG_API_KEY dd-api-key NEW_RELIC_LICENSE_KEY newrelicLicenseKey SENTRY_AUTH_TOKEN
  LINEAR_API_KEY NOTION_TOKEN AIRTABLE_API_KEY ALGOLIA_ADMIN_KEY MAILGUN_API_KEY mailgunKey POSTMARK_TOKEN
  TWILIO_AUTH_TOKEN PLAID_SECRET plaid_access_token square_access_token paypalClientSecret braintree_private_key
  adyen_api_key CLOUDFLARE_API_TOKEN DIGITALOCEAN_TOKEN LINODE_TOKEN HCLOUD_TOKEN VAULT_TOKEN CONSUL_HTTP_TOKEN
  NOMAD_TOKEN KUBE_TOKEN K8S_TOKEN bearerToken oauth2_client_secret oidc_client_secret okta_api_token
  auth0_client_secret jwtSigningKey jwt_private_key cookieSecret sessionSecret csrfSecret encryption_key_v2
  dataEncryptionKey aesKey hmacSecret webhook_secret webhookSecret stripeWebhookSecret signing_secret
  slack_signing_secret apns_private_key fcmServerKey vapidPrivateKey turnCredential wifiPassword wpaPassphrase pinCode
  otpSecret totp_seed_secret mfaSecret recoveryCode backupCode cardCvc ccNumber_card_number
`);
