// A gateway of one's own: it takes chat completions of customers, holds credits before it calls a provider,
// passes the answer on as it comes, and settles by the tokens that the provider reports.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	codexible "codexible/clients/go"
)

const (
	maxBody, maxAnswer = 8 << 20, 64 << 20
	// bytesPerToken estimates tokens where nobody has counted them yet. It is low, so that a hold suffices.
	bytesPerToken = 3
	defaultOutput = 4096
)

type gateway struct {
	service  *codexible.ClientWithResponses
	provider string
	key      string
}

// call is what the gateway reads of a request; all of it is passed on.
type call struct {
	Model               string `json:"model"`
	Stream              bool   `json:"stream"`
	MaxTokens           int64  `json:"max_tokens"`
	MaxCompletionTokens int64  `json:"max_completion_tokens"`
}

// answer is what the gateway reads of an answer, or of an event of one.
type answer struct {
	Choices []struct {
		Delta struct {
			Content string `json:"content"`
		} `json:"delta"`
	} `json:"choices"`
	Usage *struct {
		PromptTokens        int64 `json:"prompt_tokens"`
		CompletionTokens    int64 `json:"completion_tokens"`
		PromptTokensDetails struct {
			CachedTokens int64 `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	} `json:"usage"`
}

func main() {
	service, err := codexible.New(os.Getenv("CODEXIBLE_URL"), os.Getenv("CODEXIBLE_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	g := &gateway{service: service, provider: os.Getenv("PROVIDER_URL"), key: os.Getenv("PROVIDER_KEY")}
	http.HandleFunc("POST /v1/chat/completions", g.chat)
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func (g *gateway) chat(w http.ResponseWriter, r *http.Request) {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var c call
	var whole map[string]json.RawMessage
	if err != nil || json.Unmarshal(body, &c) != nil || json.Unmarshal(body, &whole) != nil || c.Model == "" {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "Send a JSON object with a model.")
		return
	}
	if c.Stream { // without it many providers report no tokens
		whole["stream_options"] = json.RawMessage(`{"include_usage": true}`)
		if body, err = json.Marshal(whole); err != nil {
			refuse(w, http.StatusBadRequest, "invalid_request_error", "Send a JSON object with a model.")
			return
		}
	}
	output := max(c.MaxTokens, c.MaxCompletionTokens)
	if output == 0 {
		output = defaultOutput
	}
	input := int64(len(body)) / bytesPerToken
	begun := false
	_, err = codexible.WithHold(r.Context(), g.service, codexible.VerifyRequest{
		Key:  key,
		Hold: &codexible.HoldRequest{Usage: &codexible.CallUsage{Model: c.Model, InputTokens: &input, OutputTokens: &output}},
	}, func(ctx context.Context, held *codexible.Held) (codexible.SettleRequest, error) {
		return g.forward(ctx, w, body, input, held, &begun)
	})
	var refused *codexible.RefusedError
	switch {
	case errors.As(err, &refused):
		refuse(w, statusOf(refused.Verdict.Code), strings.ToLower(string(refused.Verdict.Code)), refused.Error())
	case err != nil:
		log.Printf("%s: %v", c.Model, err)
		if !begun {
			refuse(w, http.StatusBadGateway, "api_error", "The call failed. Nothing is charged.")
		}
	}
}

// forward calls the provider and passes its answer on.
func (g *gateway) forward(ctx context.Context, w http.ResponseWriter, body []byte, input int64, held *codexible.Held, begun *bool) (codexible.SettleRequest, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.provider+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return codexible.SettleRequest{}, err
	}
	request.Header.Set("Authorization", "Bearer "+g.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return codexible.SettleRequest{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return codexible.SettleRequest{}, fmt.Errorf("the provider answered %d", response.StatusCode)
	}
	w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
	var used *codexible.HoldUsage
	var delivered int64
	lines := bufio.NewReader(io.LimitReader(response.Body, maxAnswer))
	for {
		line, err := lines.ReadBytes('\n')
		*begun = *begun || len(line) > 0
		if _, gone := w.Write(line); gone != nil {
			return codexible.SettleRequest{}, gone
		}
		_ = http.NewResponseController(w).Flush()
		var a answer
		if json.Unmarshal(bytes.TrimPrefix(line, []byte("data: ")), &a) == nil {
			for _, choice := range a.Choices {
				delivered += int64(len(choice.Delta.Content))
			}
			if u := a.Usage; u != nil {
				used = &codexible.HoldUsage{
					InputTokens: new(u.PromptTokens - u.PromptTokensDetails.CachedTokens), CacheReadTokens: &u.PromptTokensDetails.CachedTokens, OutputTokens: &u.CompletionTokens,
				}
				held.Delivered(codexible.Delivered{Usage: used})
			} else if delivered > 0 {
				held.Delivered(codexible.Delivered{Usage: &codexible.HoldUsage{InputTokens: &input, OutputTokens: new(1 + delivered/bytesPerToken)}})
			}
		}
		switch {
		case err == io.EOF && used != nil:
			return codexible.SettleRequest{Usage: used, Outcome: new("complete")}, nil
		case err == io.EOF:
			return codexible.SettleRequest{}, errors.New("the provider reported no tokens")
		case err != nil:
			return codexible.SettleRequest{}, err
		}
	}
}

// statusOf is the status for a reason to refuse, such that clients do the right thing.
func statusOf(code codexible.VerdictCode) int {
	switch code {
	case codexible.VerdictCodeQUOTAEXCEEDED, codexible.VerdictCodeRATELIMITED, codexible.VerdictCodeCONCURRENCYLIMITED:
		return http.StatusTooManyRequests
	case codexible.VerdictCodeMODELNOTALLOWED, codexible.VerdictCodeINSUFFICIENTSCOPE, codexible.VerdictCodeIPNOTALLOWED, codexible.VerdictCodeSUSPENDED:
		return http.StatusForbidden
	default:
		return http.StatusUnauthorized
	}
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(map[string]map[string]string{"error": {"type": kind, "code": kind, "message": message}}); err != nil {
		log.Print(err) // the customer has left
	}
}
